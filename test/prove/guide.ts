/** The commands that a user types on a device, taken from docs/install.md, so that it is the guide that is tried. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const GUIDE = readFileSync(join(import.meta.dirname, '../../docs/install.md'), 'utf8');

/** Blocks of the guide that are marked by `<!-- prove: NAME -->`, in the order in which they are typed. */
export const GUIDE_STEPS = ['pool', 'account', 'host-key', 'firewall', 'key'] as const;
export type GuideStep = (typeof GUIDE_STEPS)[number];

/** What the guide has where each device differs, and what stands there on this one. */
export interface GuideValues {
  /** Slot of the disk that becomes the pool. */
  readonly disk: string;
  /** Where the controller connects from, as `address/bits`. */
  readonly network: string;
  readonly password: string;
  /** Line of the public key. */
  readonly publicKey: string;
}

/** By step, the text of the guide that a value replaces. It must be there, so that a guide that changes is noticed. */
const PLACEHOLDERS: Readonly<Record<GuideStep, readonly (readonly [string, keyof GuideValues])[]>> = {
  pool: [['/disk/format nvme1', 'disk']],
  account: [
    ['192.0.2.0/24', 'network'],
    ['<a long random password>', 'password'],
  ],
  'host-key': [],
  firewall: [['198.51.100.0/24', 'network']],
  key: [['ssh-ed25519 AAAA… rose-csi', 'publicKey']],
};

/** Label and mount point that the guide gives the pool. */
export const GUIDE_LABEL = 'pool1';
/** Account that the guide makes. */
export const GUIDE_USER = 'csi';

/**
 * The commands of a step as they are typed on this device.
 *
 * @param guide the page; docs/install.md unless a test gives another.
 * @throws Error when the guide has no such block, or not the text that must be replaced.
 */
export function guideCommands(step: GuideStep, values: GuideValues, guide = GUIDE): string[] {
  const block = new RegExp(`^<!-- prove: ${step} -->\\n\`\`\`\\n(.*?)^\`\`\`$`, 'ms').exec(guide)?.[1];
  if (block === undefined) throw new Error(`docs/install.md has no block that is marked <!-- prove: ${step} -->`);
  const text = PLACEHOLDERS[step].reduce((filled, [placeholder, value]) => {
    if (!filled.includes(placeholder)) throw new Error(`docs/install.md, ${step}: "${placeholder}" is not there`);
    const command = placeholder.startsWith('/') ? placeholder.slice(0, placeholder.lastIndexOf(' ') + 1) : '';
    return filled.replaceAll(placeholder, `${command}${values[value]}`);
  }, block);
  return text.split('\n').filter((line) => line.trim() !== '');
}
