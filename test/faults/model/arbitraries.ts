import fc from 'fast-check';
import type { Fault, Place } from '../../../src/simulator/faults/fault.ts';
import {
  type Batch,
  type Command,
  type Moment,
  type Release,
  type Script,
  type Sent,
  SNAPSHOTS,
  type Trouble,
  targetOf,
  VOLUMES,
} from './commands.ts';

/** Commands in a batch, and batches in a script, at most. */
const LONGEST_BATCH = 16;
const LONGEST_SCRIPT = 16;

const volume = fc.nat(VOLUMES - 1);
const snapshot = fc.nat(SNAPSHOTS - 1);
const node = fc.constantFrom(0, 1);
const controller = fc.constantFrom(0, 1);
const mib = fc.integer({ min: 1, max: 4 });
const pageSize = fc.constantFrom(0, 1, 2, 3, 7);

/** The same request again: the nth last one that makes something. */
interface Again {
  readonly do: 'again';
  readonly back: number;
}

/** Two commands on the same objects, one through each controller. */
interface Clash {
  readonly do: 'clash';
  readonly volume: number;
  readonly snapshot: number;
  readonly pair: readonly [Command | Again, Command | Again];
}

/** The lower half of the numbers comes more often, so that there is something to find. */
const often = fc.oneof(fc.nat(VOLUMES / 2 - 1), volume);

const command: fc.Arbitrary<Command | Again> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('create' as const), volume, mib }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      volume,
      mib: fc.oneof(fc.constant(0), fc.constant(4), mib),
      from: fc.oneof(fc.record({ snapshot: snapshot }), fc.record({ volume: often })),
    }),
  },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('snapshot' as const), snapshot, volume: often }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('again' as const), back: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('delete' as const), volume }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('drop' as const), snapshot }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('expand' as const), volume: often, mib }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('publish' as const), volume: often, node }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('unpublish' as const), volume: often, node }) },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      volume: often,
      place: fc.nat(7),
      seed: fc.integer({ min: 1, max: 2 ** 31 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('get' as const), volume }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('look' as const), snapshot }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('list volumes', 'list snapshots'), pageSize }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('list snapshots of' as const), volume: often, pageSize }) },
  { weight: 1, arbitrary: fc.constant({ do: 'capacity' as const }) },
);

const clash: fc.Arbitrary<Clash> = fc.record({
  do: fc.constant('clash' as const),
  volume: often,
  snapshot,
  pair: fc.oneof(
    fc.tuple(command, command),
    fc.tuple(
      ...([0, 1] as const).map((number) => fc.constant({ do: 'publish' as const, volume: 0, node: number })),
    ) as fc.Arbitrary<[Command, Command]>,
  ),
});

/** Where faults strike: the commands that change something, and those that the answer is made of. */
const place: fc.Arbitrary<Place> = fc
  .record({
    what: fc.constantFrom(
      { path: '/disk', command: 'add' },
      { path: '/disk', command: 'set' },
      { path: '/disk', command: 'remove' },
      { path: '/disk', command: 'get' },
      { path: '/disk', command: 'find' },
      ...['add', 'remove', 'print', 'find'].map((name) => ({ path: '/disk/btrfs/subvolume', command: name })),
      { command: ':put' },
      { command: ':foreach' },
    ),
    nth: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ what, nth }) => ({ ...what, nth }));
const when = fc.constantFrom('before' as const, 'after' as const);

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('drop' as const), at: place, when, scriptRunsOn: fc.boolean() }),
  fc.record({ kind: fc.constant('kill' as const), at: place, when }),
  fc.record({ kind: fc.constant('fail' as const), at: place, error: fc.constant('failure: not today') }),
  fc.record({ kind: fc.constant('cut' as const), bytes: fc.nat(600) }),
  fc.record({
    kind: fc.constant('garbage' as const),
    where: fc.constantFrom('before' as const, 'after', 'instead'),
    text: fc.constantFrom('\u0007\r\n', '{"name":"pvc-', 'OK\r\n', 'interrupted\r\n'),
  }),
);

/** Where scripts come to a stand: before commands that change something, and of each kind before an early one. */
const changes: fc.Arbitrary<Place[]> = fc
  .tuple(
    fc.subarray(
      [
        ...['add', 'set', 'remove'].map((command) => ({ path: '/disk', command })),
        ...['add', 'remove'].map((command) => ({ path: '/disk/btrfs/subvolume', command })),
      ],
      { minLength: 1 },
    ),
    fc.constantFrom(1, 1, 2),
  )
  .map(([places, nth]) => places.map((place) => ({ ...place, nth })));

/** Mostly in time, also near the deadline, and beyond it. */
const release: fc.Arbitrary<Release> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ batches: fc.constantFrom(1, 1, 1, 2, 3), statement: fc.integer({ min: 1, max: 200 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ moment: fc.constantFrom<Moment>('before the last look', 'when all is deleted') }),
  },
  { weight: 1, arbitrary: fc.record({ ms: fc.integer({ min: 1800, max: 3200 }) }) },
  { weight: 1, arbitrary: fc.record({ ms: fc.constant(4500) }) },
);

const lateWrite: fc.Arbitrary<Trouble> = fc.record({
  kind: fc.constant('late write' as const),
  places: changes,
  release,
  // Six is more than one call tries.
  times: fc.oneof({ weight: 10, arbitrary: fc.constantFrom(1, 2) }, { weight: 1, arbitrary: fc.constant(6) }),
  meanwhile: fc.oneof(
    { weight: 2, arbitrary: fc.constant('another attempt' as const) },
    { weight: 3, arbitrary: fc.constant('callers leave' as const) },
    { weight: 1, arbitrary: fc.constantFrom('controller 0 dies' as const, 'controller 1 dies' as const) },
  ),
});

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 14, arbitrary: lateWrite },
  {
    weight: 16,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault,
      // Six is more than one call tries.
      times: fc.oneof(
        { weight: 20, arbitrary: fc.constant(1) },
        { weight: 4, arbitrary: fc.constant(2) },
        { weight: 1, arbitrary: fc.constant(6) },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('kill controller' as const),
      controller,
      statement: fc.integer({ min: 1, max: 200 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('restart RDS' as const),
      statement: fc.integer({ min: 1, max: 200 }),
      downMs: fc.constantFrom(0, 50, 250),
    }),
  },
);

const batch = fc.record(
  {
    commands: fc.array(fc.record({ via: controller, command: fc.oneof({ weight: 8, arbitrary: command }, clash) }), {
      minLength: 1,
      maxLength: LONGEST_BATCH,
      size: 'max' as const,
    }),
    trouble: fc.oneof(
      { withCrossShrink: true },
      { weight: 16, arbitrary: fc.constant(undefined) },
      { weight: 4, arbitrary: trouble },
    ),
    insist: fc.boolean(),
  },
  { requiredKeys: ['commands', 'insist'] },
);

/** Scripts, smaller ones first when one that fails is made smaller. */
export const script: fc.Arbitrary<Script> = fc
  .record({
    batches: fc.array(batch, { minLength: 1, maxLength: LONGEST_SCRIPT, size: 'max' }),
    destructive: fc.boolean(),
  })
  .map(({ batches, destructive }) => {
    const made: Command[] = [];
    return {
      destructive,
      batches: batches.map(({ commands, trouble: wrong, insist }): Batch => {
        const resolved = commands.flatMap((one) => resolve(one, made));
        if (wrong?.kind === 'late write') {
          return { commands: withoutWaiting(resolved), insist: false, trouble: wrong };
        }
        return { commands: resolved, insist, ...(wrong === undefined ? {} : { trouble: wrong }) };
      }),
    };
  });

/**
 * The commands that do not wait for another one of their controller: whoever has lost an answer holds back what else there is
 * to do to the object until the time is over in which the lost script may write, and then none would go on in time.
 */
function withoutWaiting(commands: readonly Sent[]): Sent[] {
  const key = ({ via, command: one }: Sent) => `${via} ${targetOf(one)}`;
  const isFirst = (sent: Sent) => commands.find((other) => key(other) === key(sent)) === sent;
  return commands.filter((sent) => targetOf(sent.command) === undefined || isFirst(sent));
}

/** The command itself, both of a clash, or the earlier one that it repeats; nothing when there is none. */
function resolve({ via, command: given }: { via: 0 | 1; command: Command | Again | Clash }, made: Command[]): Sent[] {
  if (given.do === 'clash') {
    return given.pair.flatMap((one, index) =>
      resolve({ via: index === 0 ? via : via === 0 ? 1 : 0, command: on(given, one) }, made),
    );
  }
  const found = given.do === 'again' ? made.at(-given.back) : given;
  if (found === undefined) return [];
  if (found.do === 'create' || found.do === 'snapshot') made.push(found);
  return [{ via, command: found }];
}

/** The command, with the objects of the clash in the place of its own. */
function on({ volume: sameVolume, snapshot: sameSnapshot }: Clash, given: Command | Again): Command | Again {
  return {
    ...given,
    ...('volume' in given ? { volume: sameVolume } : {}),
    ...('snapshot' in given ? { snapshot: sameSnapshot } : {}),
  };
}
