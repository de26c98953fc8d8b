import { nameOf, objectsOf, targetOf } from './commands.ts';
import type { Done } from './done.ts';
import { csiName } from './names.ts';
import { isOpen } from './outcome.ts';
import { type Deletion, type Marks, type World, withLeftover, withRenewed, withSnapshot, withVolume } from './world.ts';

/**
 * A script that stood still before it changed something, and may go on when other commands have been run. What it may do then
 * is what this file says, and it is little: a command that has ended well has nothing left to do, records and subvolumes that
 * were written again since are not touched, and nothing at all is changed after the time in which it may write.
 */
export interface LateWrite {
  /** Those whose script it may be. */
  readonly commands: readonly Done[];
  /** The processes that ran when it was sent. */
  readonly processes: readonly number[];
  /** What has been done since, as long as it stood still. */
  readonly since: Marks;
  readonly tooLate: boolean;
}

/**
 * The commands that a script may belong to.
 *
 * @param done those that were run when it was sent
 * @throws Error when it can be of none of them.
 */
export function commandsOf(line: string, run: number, done: readonly Done[]): readonly Done[] {
  const isNamed = (object: string) => line.includes(csiName(run, object).replace(/^[a-z]+-/, ''));
  const found = done.filter(({ command }) => {
    const target = targetOf(command);
    return target !== undefined && command.do !== 'write' && objectsOf(command).every(isNamed);
  });
  if (found.length === 0) throw new Error(`a script of none of the commands: ${line}`);
  return found;
}

/** All objects that a late write may change or read. */
export function objectsOfLate({ commands }: LateWrite): string[] {
  return [...new Set(commands.flatMap(({ command }) => objectsOf(command)))];
}

/** The worlds that a late write can lead to. It may always do nothing, as another attempt or no one may have needed it. */
export function lateStep(world: World, late: LateWrite): World[] {
  if (late.tooLate) return [world];
  return [world, ...late.commands.flatMap((one) => effects(world, one, late))];
}

function effects(world: World, one: Done, late: LateWrite): World[] {
  const { command, outcome } = one;
  const isPending = isOpen(outcome);
  const target = targetOf(command) ?? '';
  const isAsItWas = !late.since.renewed.has(target) && !world.marks.renewed.has(target);
  switch (command.do) {
    case 'create':
      return creation(world, one, late);
    case 'snapshot':
      return takeSnapshot(world, one, late);
    case 'expand':
      return growth(world, command.volume, command.mib);
    case 'drop':
      return isPending && isAsItWas && world.snapshots.has(command.snapshot)
        ? [withSnapshot(world, command.snapshot, undefined)]
        : [];
    default:
  }
  const volume = 'volume' in command ? world.volumes.get(command.volume) : undefined;
  // Its second script finds the entry, whatever else was written to the record.
  if (command.do === 'publish' && isPending && volume?.node === command.node && !volume.exported)
    return [withVolume(world, command.volume, { ...volume, exported: true })];
  if (!('volume' in command) || volume === undefined || !isPending || !isAsItWas) return [];
  switch (command.do) {
    case 'delete': {
      const half = { ...volume, open: true };
      return volume.node === undefined
        ? [withVolume(world, command.volume, undefined), withVolume(world, command.volume, half)]
        : [];
    }
    case 'publish':
      return volume.node === undefined
        ? [withRenewed(withVolume(world, command.volume, { ...volume, node: command.node }), target)]
        : [];
    case 'unpublish':
      return volume.node === command.node
        ? [
            withVolume(world, command.volume, { ...volume, exported: false }),
            withRenewed(withVolume(world, command.volume, { ...volume, node: undefined, exported: false }), target),
          ]
        : [];
    default:
      return [];
  }
}

/** A creation makes what is not there, completes or rolls back what is partial, and grows what is smaller. */
function creation(world: World, one: Done, late: LateWrite): World[] {
  const { command } = one;
  if (command.do !== 'create') return [];
  const { volume: number, mib: requested, from } = command;
  const there = world.volumes.get(number);
  if (there?.open) return [withVolume(world, number, undefined)];
  if (there !== undefined) return growth(world, number, requested);
  const source = from === undefined ? undefined : nameOf(from);
  const original =
    from === undefined
      ? undefined
      : 'snapshot' in from
        ? world.snapshots.get(from.snapshot)
        : world.volumes.get(from.volume);
  if (from !== undefined && original === undefined) return [];
  const content = original?.content ?? new Map();
  const made = { requested, source, mib: undefined, node: undefined, exported: false, content, open: true };
  return comingTrue(world, withVolume(world, number, made), `v${number}`, one, late);
}

function takeSnapshot(world: World, one: Done, late: LateWrite): World[] {
  const { command } = one;
  if (command.do !== 'snapshot' || world.snapshots.has(command.snapshot)) return [];
  const original = world.volumes.get(command.volume);
  if (original === undefined) return [];
  const made = { source: `v${command.volume}`, mib: undefined, imageMib: undefined, seconds: undefined };
  const after = withSnapshot(world, command.snapshot, { ...made, content: original.content });
  return comingTrue(world, after, `s${command.snapshot}`, one, late);
}

/**
 * What was not there comes into being. It is left over when an answer said that it is deleted: that can happen where
 * another process deleted it, which does not know of the creation (docs/what-happens-when.md), and nowhere else.
 */
function comingTrue(before: World, after: World, object: string, one: Done, late: LateWrite): World[] {
  const deletions = [...late.since.deletions, ...before.marks.deletions].filter(
    (deletion) => deletion.object === object,
  );
  const renewed = withRenewed(after, object);
  if (deletions.length === 0) return [renewed];
  return deletions.some((deletion) => isOfStranger(deletion, one, late)) ? [withLeftover(renewed, object)] : [];
}

/** A successor of the process that has lost the answer waits with removals of what it has dealt with. */
function isOfStranger({ process, isFirst }: Deletion, one: Done, { processes }: LateWrite): boolean {
  return process !== one.process && (processes.includes(process) || isFirst);
}

function growth(world: World, number: number, mib: number): World[] {
  const volume = world.volumes.get(number);
  if (volume?.mib === undefined || volume.mib >= mib) return [];
  return [withVolume(world, number, { ...volume, mib })];
}
