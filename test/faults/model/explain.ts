import { objectsOf, printCommand, type Sent, targetOf } from './commands.ts';
import type { Entry, Outcome } from './outcome.ts';
import { type Circumstances, step, tellsSnapshot, tellsVolume } from './step.ts';
import { printWorld, type World } from './world.ts';

/** A command that was run, and how it ended. */
export interface Done extends Sent {
  readonly outcome: Outcome;
}

/** Raised when what was seen cannot be right. */
export class Unexplained extends Error {
  override readonly name = 'Unexplained';
}

/**
 * The world that commands which ran at once led to: for some order of them each ended as it had to, and the box is as it
 * must be then. Commands that share no object cannot affect each other, so each group that does is put into an order by
 * itself.
 *
 * @param settle Picks the world that the box shows, as far as the given objects go, or throws.
 * @throws Unexplained when there is no such order.
 */
export function explain(
  world: World,
  done: readonly Done[],
  calm: boolean,
  settle: (worlds: readonly World[], objects: readonly string[]) => World,
): World {
  const contested = contestedIn(done);
  return groupsOf(done).reduce((before, group) => {
    const worlds = inSomeOrder(before, group, { calm, contested });
    const objects = [...new Set(group.flatMap(({ command }) => objectsOf(command)))];
    const ends = `${printDone(group)}\nbefore:\n${printWorld(before)}`;
    if (worlds.length === 0) throw new Unexplained(`no order of these explains how they ended:\n${ends}`);
    try {
      return settle(worlds, objects);
    } catch (error) {
      throw error instanceof Unexplained ? new Unexplained(`${error.message}\nafter:\n${ends}`) : error;
    }
  }, world);
}

/**
 * Checks what lists told while other commands ran: each object that those left alone is there once, as it is, or not.
 *
 * @param disturbed Objects of which a race may have left a second subvolume, which a list may tell as well
 *   (docs/decisions/0010-paging.md).
 * @throws Unexplained when a list says something else.
 */
export function checkLists(world: World, done: readonly Done[], disturbed: ReadonlySet<string>): void {
  const changed = new Set([...disturbed, ...done.flatMap(({ command }) => targetOf(command) ?? [])]);
  for (const { command, outcome } of done) {
    const { entries } = outcome.reply;
    if (entries === undefined) continue;
    const problem = listProblem(
      world,
      command.do,
      'volume' in command ? `v${command.volume}` : undefined,
      entries,
      changed,
    );
    if (problem !== undefined) throw new Unexplained(`${printCommand(command)}: ${problem}`);
  }
}

function listProblem(
  { volumes, snapshots }: World,
  list: string,
  source: string | undefined,
  entries: readonly Entry[],
  changed: ReadonlySet<string>,
): string | undefined {
  const expected =
    list === 'list volumes'
      ? [...volumes].map(
          ([number, volume]) => [`v${number}`, (e: Entry) => tellsVolume(e, volume), volume.open] as const,
        )
      : [...snapshots]
          .filter(([, snapshot]) => source === undefined || snapshot.source === source)
          .map(([number, snapshot]) => [`s${number}`, (e: Entry) => tellsSnapshot(e, snapshot), false] as const);
  for (const [object, tells, isOpen] of expected) {
    const rows = entries.filter((entry) => entry.object === object);
    if (changed.has(object) || (isOpen && rows.length === 0)) continue;
    if (rows.length !== 1) return `${object} is there ${rows.length} times`;
    if (!rows.every(tells)) return `${object} is told wrongly: ${rows.map(printEntry).join()}`;
  }
  const known = new Set([...expected.map(([object]) => object), ...changed]);
  const unknown = entries.find(({ object }) => !known.has(object));
  return unknown && `${unknown.object} should not be there`;
}

/** Which objects more than one of the commands speaks of. */
function contestedIn(done: readonly Done[]): (object: string) => boolean {
  const counts = new Map<string, number>();
  for (const { command } of done) {
    for (const object of new Set(objectsOf(command))) counts.set(object, (counts.get(object) ?? 0) + 1);
  }
  return (object) => (counts.get(object) ?? 0) > 1;
}

/** The commands in groups that share no object with each other. */
function groupsOf(done: readonly Done[]): Done[][] {
  const groups: { readonly objects: Set<string>; readonly members: Done[] }[] = [];
  for (const one of done) {
    const objects = new Set(objectsOf(one.command));
    const members = [one];
    for (const group of groups.filter((other) => [...other.objects].some((object) => objects.has(object)))) {
      groups.splice(groups.indexOf(group), 1);
      members.unshift(...group.members);
      for (const object of group.objects) objects.add(object);
    }
    groups.push({ objects, members });
  }
  return groups.map(({ members }) => members);
}

/** Tries all orders, and none of them twice from the same point: what is left and the world decide what can follow. */
function inSomeOrder(start: World, group: readonly Done[], around: Circumstances): World[] {
  const ends = new Map<string, World>();
  const seen = new Set<string>();
  const visit = (world: World, left: readonly Done[]): void => {
    const print = printWorld(world);
    const point = `${left.map((one) => group.indexOf(one)).join()} ${print}`;
    if (seen.has(point)) return;
    seen.add(point);
    if (left.length === 0) ends.set(print, world);
    for (const one of left) {
      const rest = left.filter((other) => other !== one);
      for (const next of step(world, one.command, one.outcome, around)) visit(next, rest);
      for (const next of lostAttempts(world, one, around)) visit(next, left);
    }
  };
  visit(start, group);
  return [...ends.values()];
}

const LOST: Outcome = { code: 'UNAVAILABLE', message: 'the answer was lost', reply: {} };

/**
 * What an earlier attempt of the same call may have done, in trouble: the driver sends a command again when its answer was
 * lost, and what others did in between decides how the last attempt ends. So a delete may also take what was made under the
 * same id in between (no orchestrator makes an id again once it began to delete it), and a growth that was seen may end
 * with NOT_FOUND.
 */
function lostAttempts(world: World, { command }: Done, around: Circumstances): World[] {
  const target = command.do === 'write' ? undefined : targetOf(command);
  return around.calm || target === undefined || !around.contested(target) ? [] : step(world, command, LOST, around);
}

/** What was run and how it ended, for people. */
function printDone(done: readonly Done[]): string {
  return done
    .map(({ via, command, outcome }) => `  controller ${via}: ${printCommand(command)} → ${printOutcome(outcome)}`)
    .join('\n');
}

function printOutcome({ code, message, reply }: Outcome): string {
  return code === 'OK' ? `OK ${printEntry(reply)}`.trim() : `${code} ${message}`;
}

function printEntry(reply: Partial<Entry> | Outcome['reply']): string {
  return Object.entries(reply)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.map(printEntry).join(' / ') : value}`)
    .join(' ');
}
