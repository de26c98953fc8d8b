import { objectsOf, printCommand, targetOf } from './commands.ts';
import type { Done } from './done.ts';
import { type LateWrite, lateStep, objectsOfLate } from './late-writes.ts';
import type { Entry, Outcome } from './outcome.ts';
import { printView, type RdsView } from './rds.ts';
import { reconcile } from './reconcile.ts';
import { type Circumstances, step, tellsSnapshot, tellsVolume } from './step.ts';
import { Unexplained } from './unexplained.ts';
import { keyOf, NO_MARKS, printWorld, type World, withDeletion, withRenewed } from './world.ts';

/** What may have changed the RDS: a command, or a script that stood still before. */
type Actor = Done | LateWrite;

/**
 * The world that commands which ran at once led to: for some order of them each ended as it had to, and the RDS is as it
 * must be then. Commands that share no object cannot affect each other, so each group that does is put into an order by
 * itself. Scripts of earlier commands that went on meanwhile are put into order with them. Its marks are of this batch.
 *
 * @param view what the RDS shows
 * @throws Unexplained when there is no such order.
 */
export function explain(world: World, actors: readonly Actor[], calm: boolean, view: RdsView): World {
  const contested = contestedIn(actors);
  return groupsOf(actors).reduce(
    (before, group) => {
      const worlds = inSomeOrder(before, group, { calm, contested });
      const objects = [...new Set(group.flatMap(objectsOfActor))];
      const rds = printView(view, objects);
      const ends = `${printDone(group)}\nbefore:\n${printWorld(before)}\nthe RDS shows:\n${rds}`;
      if (worlds.length === 0) throw new Unexplained(`no order of these explains how they ended:\n${ends}`);
      try {
        return reconcile(worlds, view, objects);
      } catch (error) {
        throw error instanceof Unexplained ? new Unexplained(`${error.message}\nafter:\n${ends}`) : error;
      }
    },
    { ...world, marks: NO_MARKS },
  );
}

function objectsOfActor(actor: Actor): string[] {
  return 'command' in actor ? objectsOf(actor.command) : objectsOfLate(actor);
}

/**
 * Checks what lists had while other commands ran: each object that those left alone is there once, as it is, or not.
 *
 * @param disturbed Objects that something else has changed meanwhile, or of which a race may have left a second subvolume, which
 *   a list may tell as well (docs/decisions/0010-paging.md).
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
    if (!rows.every(tells)) return `${object} is listed wrongly: ${rows.map(printEntry).join()}`;
  }
  const known = new Set([...expected.map(([object]) => object), ...changed]);
  const unknown = entries.find(({ object }) => !known.has(object));
  return unknown && `${unknown.object} should not be there`;
}

/** Which objects more than one of the commands speaks of. */
function contestedIn(actors: readonly Actor[]): (object: string) => boolean {
  const counts = new Map<string, number>();
  for (const actor of actors) {
    for (const object of new Set(objectsOfActor(actor))) counts.set(object, (counts.get(object) ?? 0) + 1);
  }
  return (object) => (counts.get(object) ?? 0) > 1;
}

/** Those who act in groups that share no object with each other. */
function groupsOf(actors: readonly Actor[]): Actor[][] {
  const groups: { readonly objects: Set<string>; readonly members: Actor[] }[] = [];
  for (const one of actors) {
    const objects = new Set(objectsOfActor(one));
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
function inSomeOrder(start: World, group: readonly Actor[], around: Circumstances): World[] {
  const ends = new Map<string, World>();
  const seen = new Set<string>();
  const visit = (world: World, left: readonly Actor[]): void => {
    const key = keyOf(world);
    const point = `${left.map((one) => group.indexOf(one)).join()} ${key}`;
    if (seen.has(point)) return;
    seen.add(point);
    if (left.length === 0) ends.set(key, world);
    for (const one of left) {
      const rest = left.filter((other) => other !== one);
      for (const next of 'command' in one ? act(world, one, around) : lateStep(world, one)) visit(next, rest);
      if ('command' in one) for (const next of lostAttempts(world, one, around)) visit(next, left);
    }
  };
  visit(start, group);
  return [...ends.values()];
}

/** The worlds that a command leads to, with what it says of its object to scripts that have read it before. */
function act(world: World, one: Done, around: Circumstances): World[] {
  const { command, outcome, process, isFirst } = one;
  const after = step(world, command, outcome, around);
  const object = targetOf(command);
  if (object === undefined || outcome.code !== 'OK') return after;
  switch (command.do) {
    case 'delete':
    case 'drop':
      return after.map((next) => withDeletion(next, { object, process, isFirst }));
    case 'publish':
    case 'unpublish':
      return after.map((next) => withRenewed(next, object));
    case 'create':
      return world.volumes.has(command.volume) ? after : after.map((next) => withRenewed(next, object));
    case 'snapshot':
      return world.snapshots.has(command.snapshot) ? after : after.map((next) => withRenewed(next, object));
    default:
      return after;
  }
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

/** What was run and how it ended, as text. */
function printDone(actors: readonly Actor[]): string {
  return actors.map((one) => `  ${'command' in one ? printEnd(one) : printLate(one)}`).join('\n');
}

function printEnd({ via, command, outcome }: Done): string {
  return `controller ${via}: ${printCommand(command)} → ${printOutcome(outcome)}`;
}

function printLate({ commands, tooLate, since }: LateWrite): string {
  const whose = commands.map(printEnd).join(' or ');
  const renewed = since.renewed.size === 0 ? '' : `, after ${[...since.renewed].join()} was written`;
  return `${tooLate ? 'too late' : 'late, but in time'}${renewed}: a script of ${whose}`;
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
