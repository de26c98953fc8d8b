import { ros } from '../../routeros/index.ts';
import type { PoolCheck, PoolContext } from '../check.ts';
import { differs, type Finding, fits, unusable } from '../finding.ts';
import {
  addItem,
  addSubvolume,
  attempt,
  IMAGE_BYTES,
  need,
  newImage,
  newSubvolume,
  propertyOf,
  setItem,
  slotsOf,
} from '../objects.ts';
import { tryConnect } from './connectivity.ts';

const HOST_NQN = 'nqn.2014-08.org.nvmexpress:uuid:00000000-1111-4222-8333-444444444444';
const OTHER_NQN = 'nqn.2014-08.org.nvmexpress:uuid:00000000-1111-4222-8333-555555555555';
const LONGEST_SLOT = 32;
/** Was taken by an earlier RouterOS, and is refused by 7.24 (docs/routeros.md, 4.4). */
const LONGER_SLOT = 40;
const LONGEST_COMMENT = 200;

/** Properties of `/disk` items that the driver relies on, or works around. */
export const DISK_ITEM_CHECKS: readonly PoolCheck[] = [
  { id: 'refusals', title: 'refusals of impossible changes', unknown: 'U2', needs: 'write', run: refusals },
  { id: 'slots', title: 'slots of 32 characters', unknown: 'U6', needs: 'write', run: slots },
  { id: 'nqn', title: 'NQN given by the driver', unknown: 'U7', needs: 'write', run: nqn },
  { id: 'export-port', title: 'NVMe/TCP port opens with an export', needs: 'write', run: exportPort },
  { id: 'comments', title: 'comments of 200 characters', unknown: 'U16', needs: 'write', run: comments },
  { id: 'allow-list', title: 'allow-list of host NQNs', unknown: 'U20', needs: 'write', run: allowList },
];

async function refusals(context: PoolContext): Promise<Finding> {
  const { subvolume, slot } = await newImage(context);
  const other = await newSubvolume(context);
  const duplicate = await attempt(context, addItem(context, { subvolume: other, slot, size: IMAGE_BYTES }));
  const nowhere = await attempt(
    context,
    addItem(context, {
      subvolume,
      slot: context.scratch.slot(),
      size: IMAGE_BYTES,
      file: 'no-such-directory/volume.img',
    }),
  );
  const again = await attempt(context, addSubvolume(context, other));
  const said = `second item of one slot: ${duplicate.words}; item in a missing directory: ${nowhere.words}; second subvolume of one name: ${again.words}`;
  const details = {
    'duplicate-slot': duplicate.words,
    'missing-directory': nowhere.words,
    'duplicate-subvolume': again.words,
  };
  if (duplicate.accepted || again.accepted) {
    return unusable(said, 'rests on names being unique. Please report this', details);
  }
  return nowhere.accepted
    ? differs(said, 'makes the subvolume first, so it never meets a missing directory', details)
    : fits(said, 'decides on none of these texts: it reads again what is there', details);
}

async function slots(context: PoolContext): Promise<Finding> {
  const subvolume = await newSubvolume(context);
  const slot = context.scratch.slot(LONGEST_SLOT);
  const added = await attempt(context, addItem(context, { subvolume, slot, size: IMAGE_BYTES }));
  if (!added.accepted) {
    return unusable(added.words, 'cannot attach images: its slots are like this one. Please report this');
  }
  const [got = ''] = await slotsOf(context, subvolume);
  const longer = context.scratch.slot(LONGER_SLOT);
  const { words } = await attempt(
    context,
    addItem(context, { subvolume: await newSubvolume(context), slot: longer, size: IMAGE_BYTES }),
  );
  return got === slot
    ? fits(`taken, and read back as sent; of ${LONGER_SLOT}: ${words}`, 'names each item so', {
        length: slot.length,
        [`of-${LONGER_SLOT}`]: words,
      })
    : unusable(
        `became "${context.scratch.plain(got)}", ${got.length} characters`,
        'would not find its items again. Please report this',
        { length: got.length },
      );
}

async function nqn(context: PoolContext): Promise<Finding> {
  const { scratch } = context;
  const subvolume = await newSubvolume(context);
  const slot = scratch.slot();
  const given = `nqn.2026-11.io.rose-csi:${slot}`;
  const more = ros`nvme-tcp-server-nqn=${given}`;
  await need(context, 'adding a disk item', addItem(context, { subvolume, slot, size: IMAGE_BYTES, more }));
  const idle = await propertyOf(context, slot, 'nvme-tcp-server-nqn');
  await need(context, 'exporting it', setItem(slot, ros`nvme-tcp-export=yes`));
  const exported = await propertyOf(context, slot, 'nvme-tcp-server-nqn');
  await need(context, 'exporting it with the NQN', setItem(slot, ros`${more} nvme-tcp-export=yes`));
  const published = await propertyOf(context, slot, 'nvme-tcp-server-nqn');
  await need(context, 'ending the export', setItem(slot, ros`nvme-tcp-export=no`));
  const byDefault = await defaultNqn(context);
  const say = (value: string) => (value === given ? 'as given' : scratch.plain(value) || 'nothing');
  const details = { idle: say(idle), exported: say(exported), published: say(published), default: byDefault };
  const said = `not exported: ${details.idle}; exported: ${details.exported}; default: ${byDefault}`;
  if (published !== given) {
    return unusable(
      `${said}; set with the export: ${details.published}`,
      'could not find its volumes from a node. Please report this',
      details,
    );
  }
  return idle === given && exported === given
    ? fits(said, 'gives each volume its NQN, again at each export, and reads it back', details)
    : differs(said, 'sets the NQN again with each export, which works', details);
}

/** What an item is exported as that was given no NQN. */
async function defaultNqn(context: PoolContext): Promise<string> {
  const { slot } = await newImage(context);
  await need(context, 'exporting an item', setItem(slot, ros`nvme-tcp-export=yes`));
  const found = await propertyOf(context, slot, 'nvme-tcp-server-nqn');
  await need(context, 'ending the export', setItem(slot, ros`nvme-tcp-export=no`));
  return found.replace(slot, '<slot>');
}

async function exportPort(context: PoolContext): Promise<Finding> {
  const { backend, timing } = context;
  const { address, port } = backend.nvme;
  const { slot } = await newImage(context);
  await need(context, 'exporting it', setItem(slot, ros`nvme-tcp-server-port=${port} nvme-tcp-export=yes`));
  const answer = await tryConnect(address, port, timing.connectMs);
  await need(context, 'ending the export', setItem(slot, ros`nvme-tcp-export=no`));
  return answer === 'open'
    ? fits(`port ${port} was open while an image was exported`, 'sends nodes there')
    : differs(
        `port ${port} was not: ${answer}`,
        'sends nodes there. If nodes are on another network than you, run doctor on one; else check address and firewall (a simulated RDS has no such port)',
      );
}

async function comments(context: PoolContext): Promise<Finding> {
  const { slot } = await newImage(context);
  const results = new Map<string, string>();
  const trials = [
    ['200', 'rose:2 '.padEnd(LONGEST_COMMENT, 'abcdefghi ')],
    ['255', 'x'.repeat(255)],
    ['beyond ASCII', 'Zürich'],
  ] as const;
  for (const [what, comment] of trials) {
    const { accepted, words } = await attempt(context, setItem(slot, ros`comment=${comment}`));
    const got = accepted ? await propertyOf(context, slot, 'comment') : '';
    results.set(what, accepted ? (got === comment ? 'as sent' : `changed, ${got.length} characters`) : words);
  }
  const said = [...results].map(([what, result]) => `${what}: ${result}`).join('; ');
  const details = Object.fromEntries(results);
  if (results.get('200') !== 'as sent') {
    return unusable(
      said,
      'keeps in the comment which nodes have a volume, up to 200 ASCII characters. Please report this',
      details,
    );
  }
  return [...results.values()].every((result) => result === 'as sent')
    ? fits(said, 'writes at most 200 ASCII characters', details)
    : differs(said, 'writes at most 200 ASCII characters, which works', details);
}

async function allowList(context: PoolContext): Promise<Finding> {
  const { backend } = context;
  const { slot } = await newImage(context);
  const property = 'nvme-tcp-server-allow-host-name';
  const results: string[] = [];
  for (const list of [HOST_NQN, `${HOST_NQN},${OTHER_NQN}`, '']) {
    const { accepted, words } = await attempt(context, setItem(slot, ros`nvme-tcp-server-allow-host-name=${list}`));
    const got = accepted ? await propertyOf(context, slot, property) : '';
    results.push(accepted ? (got === list ? 'taken' : `became "${got}"`) : words);
  }
  const [one = '', two = '', none = ''] = results;
  const details = { 'one-host': one, 'two-hosts': two, cleared: none };
  const said = `one host NQN: ${one}; two: ${two}; cleared: ${none}`;
  const works = one === 'taken' && none === 'taken';
  if (backend.nvme.allowHostName) {
    return works
      ? fits(said, 'sets one host, as allowHostName asks. What the RDS matches only an initiator can tell', details)
      : unusable(said, 'sets one host NQN, as allowHostName asks: switch that off', details);
  }
  return works && two === 'taken'
    ? fits(said, 'leaves it empty: allowHostName is off', details)
    : differs(said, 'leaves it empty: allowHostName is off; keep it so unless one host is enough', details);
}
