/** From a device that no one has logged in to, to one that the driver can use, by the commands of the guide. */
import { generateKey } from '../support/keys.ts';
import { GUIDE_STEPS, type GuideValues, guideCommands } from './guide.ts';
import { DISK_BYTES } from './machine.ts';
import type { Terminal } from './terminal.ts';
import { uploadPackage } from './upload.ts';

/** Commands of the guide that say something when all is well. */
const TALKS = /\/(print|format|regenerate-host-key)\b/;

/** Where the storage package comes from when the image does not have it. */
export interface PackageSource {
  /** A file of MikroTik's, `rose-storage-….npk`; undefined for none. */
  readonly file: string | undefined;
  /** Whether the device may ask MikroTik's servers. */
  readonly online: boolean;
  /** How it is reached over SSH, and the password of `admin`. */
  readonly sshPort: number;
  readonly password: string;
}

type Row = Readonly<Record<string, unknown>>;

/** Asks on the console for rows of a menu. @throws Error when what comes is none. */
async function rowsOf(terminal: Terminal, menu: string, properties: string): Promise<readonly Row[]> {
  const printed = `[${menu}/print detail as-value proplist=${properties}]`;
  const rows = `[:serialize to=json options=json.no-string-conversion value=${printed}]`;
  const said = await terminal.run(`:put ("ROSE"."<".${rows}.">"."ESOR")`);
  // The line may be broken anywhere (docs/routeros.md, 1.1).
  const json = /ROSE<(.*)>ESOR/s.exec(said)?.[1]?.replaceAll('\n', '');
  if (json === undefined) throw new Error(`${menu} cannot be read: ${said}`);
  return JSON.parse(json) as readonly Row[];
}

/**
 * Enables the storage package, with what that takes: a file, or the servers of MikroTik, and a restart.
 *
 * @throws Error that says what the user can do when it is not to be had.
 */
export async function enableStorage(terminal: Terminal, source: PackageSource): Promise<void> {
  const storage = async () =>
    (await rowsOf(terminal, '/system/package', 'name,version,disabled')).find(({ name }) => name === 'rose-storage');
  let found = await storage();
  if (found === undefined && (source.file !== undefined || source.online)) {
    if (source.file !== undefined) {
      await uploadPackage(source.file, source);
      await terminal.restart('/system/package/apply-changes');
    } else {
      await terminal.run('/system/package/update/check-for-updates');
    }
    found = await storage();
  }
  if (found === undefined) {
    throw new Error(
      'the image does not have the package rose-storage: give --package rose-storage-VERSION.npk, from where the image is from, or --online, so that the device may ask the servers of MikroTik',
    );
  }
  if (!isOn(found['disabled'])) return;
  await mustBeSilent(terminal, '/system/package/enable rose-storage');
  await terminal.restart('/system/package/apply-changes');
  if (isOn((await storage())?.['disabled'])) throw new Error('rose-storage stayed disabled');
}

/** Slots of the disks that were given to the machine empty. @throws Error when they cannot be told from others. */
export async function emptyDisks(terminal: Terminal): Promise<readonly [string, string]> {
  const rows = await rowsOf(terminal, '/disk', 'slot,type,size,mounted');
  const slots = rows.filter(({ size }) => Number(size) === DISK_BYTES).map(({ slot }) => String(slot));
  const [first, second] = slots;
  if (first === undefined || second === undefined) {
    throw new Error(`no empty disks of ${DISK_BYTES} bytes are there: ${JSON.stringify(rows)}`);
  }
  return [first, second];
}

/**
 * Types the guide: pool, account, host key, firewall, key.
 *
 * @returns the private key of the account.
 * @throws Error with the command and what the device said to it.
 */
export async function followGuide(
  terminal: Terminal,
  values: Omit<GuideValues, 'publicKey'>,
): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const { privateKey, publicKey } = generateKey();
  for (const step of GUIDE_STEPS) {
    for (const command of guideCommands(step, { ...values, publicKey })) {
      if (TALKS.test(command)) await terminal.run(command);
      else await mustBeSilent(terminal, command);
    }
  }
  return { privateKey, publicKey };
}

/** What succeeds prints nothing (docs/routeros.md, 1.4). */
async function mustBeSilent(terminal: Terminal, command: string): Promise<void> {
  const said = await terminal.run(command);
  if (said !== '') throw new Error(`the device says to ${command}: ${said}`);
}

function isOn(value: unknown): boolean {
  return value === true || value === 'true' || value === 'yes';
}
