import { flag, type JsonRow, put, ros, text } from '../../routeros/index.ts';
import type { PoolCheck, PoolContext } from '../check.ts';
import { differs, type Finding, fits, untested, unusable } from '../finding.ts';
import { addSubvolume, attempt, need, newImage, newSubvolume, removeItem, removeSubvolume } from '../objects.ts';
import { awaited, row } from '../script.ts';

/** Longest name that the driver makes (docs/routeros.md, U19). */
const LONGEST_NAME = 120;

export const SUBVOLUME_CHECKS: readonly PoolCheck[] = [
  { id: 'names', title: 'name, top-level and parent=', unknown: 'U8', needs: 'write', run: names },
  { id: 'removal', title: 'removing a subvolume', unknown: 'U9', needs: 'write', run: removal },
  { id: 'creation-time', title: 'form of creation-time', unknown: 'U10', needs: 'write', run: creationTime },
  { id: 'subvolume-ids', title: 'ids of subvolumes', unknown: 'U25', needs: 'write', run: ids },
  { id: 'empty-lists', title: 'commands on no items', unknown: 'U27', needs: 'write', run: emptyLists },
  {
    id: 'received-uuid',
    title: 'received-uuid of what was made here',
    unknown: 'U28',
    needs: 'write',
    run: receivedUuid,
  },
  { id: 'long-names', title: 'names of 120 characters', unknown: 'U19', needs: 'write', run: longNames },
];

/** Rows of a subvolume, also where the device put something before its name or changed the dashes in it. */
function rowsOf(context: PoolContext, name: string): Promise<readonly JsonRow[]> {
  return rowsMatching(context, name.replaceAll('-', '.'));
}

/** Rows of the subvolume of this very name. */
function rowsNamed(context: PoolContext, name: string): Promise<readonly JsonRow[]> {
  return rowsMatching(context, `^${name}$`);
}

async function rowsMatching({ console }: PoolContext, pattern: string): Promise<readonly JsonRow[]> {
  return console.run(
    ros`:foreach xR in=[/disk/btrfs/subvolume print detail as-value
      proplist=name,fullname,top-level,parent,read-only,dead,creation-time where name~${pattern}] do={${put(ros`$xR`)}}`,
  );
}

async function names(context: PoolContext): Promise<Finding> {
  const { scratch } = context;
  const outer = await newSubvolume(context);
  const snapshot = scratch.subvolume();
  const [flat = {}] = await rowsOf(context, outer);
  const name = text(flat, 'name');
  const taken = await attempt(context, addSubvolume(context, snapshot, outer, true));
  const [takenRow = {}] = taken.accepted ? await rowsOf(context, snapshot) : [];
  const inner = await nested(context, outer);
  const details = {
    name: scratch.plain(name),
    fullname: scratch.plain(text(flat, 'fullname')),
    'top-level': text(flat, 'top-level'),
    'parent-by-name': taken.words,
    nested: inner,
  };
  const said = `name ${name === outer ? 'as sent' : details.name}; fullname ${details.fullname}; top-level ${details['top-level']}; parent= by name: ${taken.words}; nested: ${inner}`;
  if (name !== outer) {
    return unusable(
      said,
      'would not find its volumes: it compares names with what it sent. Please report this',
      details,
    );
  }
  if (!taken.accepted)
    return unusable(said, 'cannot make snapshots: it names their source. Please report this', details);
  if (!flag(takenRow, 'read-only')) {
    return unusable(`${said}; read-only=yes had no effect`, 'needs read-only snapshots. Please report this', details);
  }
  if (text(flat, 'fullname').replace(/^(<FS_ROOT>)*\/*/, '') !== outer) {
    return unusable(said, 'would not find its volumes: it looks for them by their paths. Please report this', details);
  }
  return text(flat, 'top-level') === '<FS_ROOT>'
    ? fits(said, 'makes all subvolumes side by side, and none inside another', details)
    : differs(said, 'makes all side by side, and does not read top-level', details);
}

/** What a subvolume in another one is called; the driver makes none. */
async function nested(context: PoolContext, outer: string): Promise<string> {
  const leaf = context.scratch.subvolume();
  const made = await attempt(context, addSubvolume(context, `${outer}/${leaf}`));
  const [found] = made.accepted ? await rowsOf(context, leaf) : [];
  if (found === undefined) return made.accepted ? 'not listed' : made.words;
  const name = text(found, 'name');
  const container =
    text(found, 'top-level') === outer ? 'its container' : context.scratch.plain(text(found, 'top-level'));
  return `name is ${name === leaf ? 'the leaf' : name === `${outer}/${leaf}` ? 'the path' : context.scratch.plain(name)}, top-level ${container}`;
}

/** Removes item and subvolume in one script, as the driver does, and then again what was refused. */
async function removal(context: PoolContext): Promise<Finding> {
  const { timing } = context;
  const { subvolume, slot } = await newImage(context);
  const remove = removeSubvolume(context, subvolume);
  const used = await attempt(context, remove);
  const begin = performance.now();
  const first = await attempt(context, used.accepted ? removeItem(slot) : ros`${removeItem(slot)}; ${remove}`);
  const later = async () => ((await attempt(context, remove)).accepted ? true : undefined);
  const accepted = first.accepted || (await awaited(timing.patienceMs, later)) !== undefined;
  const rows = await rowsOf(context, subvolume);
  const vanished = async () => ((await rowsOf(context, subvolume)).length === 0 ? true : undefined);
  const gone = (await awaited(timing.patienceMs, vanished)) !== undefined;
  const dead = rows.some((found) => flag(found, 'dead'));
  const ms = Math.round(performance.now() - begin);
  const details = { 'in-use': used.words, 'busy-at-first': !first.accepted, dead, gone, ms };
  const how = used.accepted
    ? 'it'
    : first.accepted
      ? 'it is removed at once and'
      : 'it is busy at first, then removed, and';
  const listed = rows.length === 0 ? 'is gone' : `is listed${dead ? ' as dead' : ''} ${gone ? 'for a while' : 'on'}`;
  const said = `while a disk item uses it: ${used.words}; after that ${how} ${listed}`;
  if (!accepted) return unusable(said, 'could not delete volumes. Please report this', details);
  if (!gone && !dead) return unusable(said, 'reports that a volume is still there. Please report this', details);
  return !used.accepted && first.accepted && rows.length === 0
    ? fits(said, 'removes the disk item first, then the subvolume, and proves both gone', details)
    : differs(said, 'counts dead as gone, waits up to 2 s, and goes on when it is asked again', details);
}

async function creationTime(context: PoolContext): Promise<Finding> {
  const name = await newSubvolume(context);
  const [found = {}] = await rowsOf(context, name);
  const time = text(found, 'creation-time');
  const form = time.replaceAll(/\d/g, '0').replaceAll(/[a-z]{3}(?=\/)/g, 'mon') || 'nothing';
  return form === '0000-00-00 00:00:00'
    ? fits('year-month-day hours:minutes:seconds', 'does not read it: the time of a snapshot is in its name', { form })
    : differs(`of the form ${form}`, 'does not read it: the time of a snapshot is in its name', { form });
}

/** Whether a subvolume keeps its id when an older one goes. */
async function ids(context: PoolContext): Promise<Finding> {
  const [older, younger] = [await newSubvolume(context), await newSubvolume(context)];
  const before = await idOf(context, younger);
  await need(context, 'removing a subvolume', removeSubvolume(context, older));
  const after = await idOf(context, younger);
  return before === after
    ? fits('stay when others go', 'finds what it removes again each time, by its uuid')
    : differs(`change when others go (${before}, then ${after})`, 'finds what it removes again each time, by its uuid');
}

async function idOf({ console }: PoolContext, name: string): Promise<string> {
  const found = await row(console, put(ros`{"id"=[:tostr [/disk/btrfs/subvolume find where name=${name}]]}`));
  return text(found, 'id');
}

async function emptyLists(context: PoolContext): Promise<Finding> {
  const picked = text(await row(context.console, put(ros`{"picked"=[:tostr [:len [:pick {1;2} 0 0]]]}`)), 'picked');
  if (picked !== '0') {
    return unusable(
      `no elements of a list of two are ${picked || 'nothing'}`,
      'takes that for an empty list. Please report this',
    );
  }
  const removed = await attempt(context, removeSubvolume(context, context.scratch.subvolume()));
  return removed.accepted
    ? fits('removing no items passes', 'looks for what it removes first, or reads what became of it')
    : fits(`removing no items: ${removed.words}`, 'looks for what it removes first, or reads what became of it');
}

async function receivedUuid(context: PoolContext): Promise<Finding> {
  const name = await newSubvolume(context);
  const printed = ros`[/disk/btrfs/subvolume print detail as-value proplist=name,received-uuid where name=${name}]`;
  const found = await row(context.console, put(printed));
  const use = 'takes what shows a uuid there for a copy that came by a transfer, and never touches it';
  if (text(found, 'name') === '') return untested('its row was not found by name', use);
  const shown = text(found, 'received-uuid');
  if (shown === '') return fits('is not set', use);
  const device = `is "${context.scratch.plain(shown)}"`;
  return /[1-9a-f]/.test(shown)
    ? unusable(device, 'would take its own volumes and snapshots for copies. Please report this')
    : differs(device, 'takes that for none, as if it were not set');
}

async function longNames(context: PoolContext): Promise<Finding> {
  const { scratch } = context;
  const source = scratch.subvolume(LONGEST_NAME);
  const snapshot = scratch.subvolume(LONGEST_NAME);
  const made = await attempt(context, addSubvolume(context, source));
  const bad = 'uses names like this for its volumes and snapshots, so it cannot work here. Please report this';
  if (!made.accepted) return unusable(`a name of ${LONGEST_NAME} characters: ${made.words}`, bad);
  const listed = (await rowsNamed(context, source)).length;
  if (listed !== 1) return unusable('a long name was taken and changed: it is not listed as sent', bad);
  const taken = await attempt(context, addSubvolume(context, snapshot, source, true));
  if (!taken.accepted) return unusable(`parent= by a long name: ${taken.words}`, bad);
  const snapshots = (await rowsNamed(context, snapshot)).length;
  return snapshots === 1
    ? fits('taken as sent, also as parent=', 'names volumes and snapshots so', { length: LONGEST_NAME })
    : unusable('the snapshot of a long name is not listed as sent', bad);
}
