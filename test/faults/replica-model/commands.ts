import fc from 'fast-check';

/** Numbers of volumes and snapshots that a script speaks of: few, so that its commands get into each other's way. */
const VOLUMES = 3;
const SNAPSHOTS = 6;
const LONGEST_SCRIPT = 30;

export type Side = 'near' | 'far';

/** One step of a script on two RDS. What it names and is not there makes it a step that must be refused, or none. */
export type Command =
  | { readonly do: 'create' | 'delete'; readonly volume: number }
  | { readonly do: 'write'; readonly volume: number; readonly seed: number }
  | { readonly do: 'snapshot'; readonly snapshot: number; readonly volume: number }
  | { readonly do: 'drop' | 'drop copy'; readonly snapshot: number }
  /** On the second RDS, from the snapshot by its own id or by that of its copy. */
  | { readonly do: 'restore'; readonly snapshot: number; readonly by: 'its id' | 'the id of its copy' }
  /** One look of whoever makes copies. */
  | { readonly do: 'pass' }
  /** The pool of the first RDS is away, or back. */
  | { readonly do: 'away' | 'back' }
  /** The nth piece of a transfer that comes next is its last one. */
  | { readonly do: 'cut'; readonly nth: number }
  | { readonly do: 'restart'; readonly side: Side };

const volume = fc.nat(VOLUMES - 1);
const snapshot = fc.nat(SNAPSHOTS - 1);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('create' as const), volume }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), volume, seed: fc.nat(999) }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('snapshot' as const), snapshot, volume }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('pass' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('drop' as const), snapshot }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), volume }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drop copy' as const), snapshot }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('restore' as const),
      snapshot,
      by: fc.constantFrom('its id' as const, 'the id of its copy' as const),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('away' as const, 'back' as const, 'back' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cut' as const), nth: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('restart' as const), side: fc.constantFrom<Side>('near', 'far') }),
  },
);

/** Scripts that begin with something to copy. */
export const script: fc.Arbitrary<readonly Command[]> = fc
  .array(command, { minLength: 8, maxLength: LONGEST_SCRIPT, size: 'max' })
  .map((commands) => [
    { do: 'create', volume: 0 },
    { do: 'write', volume: 0, seed: 1 },
    { do: 'snapshot', snapshot: 0, volume: 0 },
    ...commands,
  ]);

/** A script as text, a line for each command. */
export function printScript(commands: readonly Command[]): string {
  return commands.map((one) => `  ${Object.values(one).join(' ')}`).join('\n');
}
