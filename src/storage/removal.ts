import {
  type Asking,
  type Clock,
  isLonger,
  type ObjectState,
  parseSnapshotName,
  parseVolumeName,
  type Rds,
  type RdsSettings,
} from '../rds/index.ts';
import type { Call } from './call.ts';
import { StorageError } from './errors.ts';

/** How often, and after how many milliseconds, it is looked again whether something is gone (U9). */
const TIMES = 20;
const PAUSE_MS = 100;

/** What is removed, and how. */
export interface Removal {
  readonly id: string;
  /** Removes one; the RDS that it is given says which, where a race has left several. */
  readonly remove: Asking<ObjectState>;
  readonly read: Asking<ObjectState>;
}

/**
 * Removes an object. Where several subvolumes have names of its id, since a race has left another one beside it, they go one
 * by one. Whether the last one is gone is then looked at for 2 s at most, without holding the connection: what comes into
 * being meanwhile was made by a call that came later, and stays; so does what another cluster made under the id. A disk item alone is what a call attached that was under way,
 * and goes, too.
 *
 * @throws StorageError `busy` when something is left all the same; and what the operations throw.
 */
export async function removeWhole(
  rds: Pick<Rds, 'run' | 'settings'>,
  { id, remove, read }: Removal,
  clock: Pick<Clock, 'wait'>,
  call: Call,
): Promise<void> {
  let left = await removeAll(rds, remove, call);
  for (let again = TIMES; !isNothing(left); again -= 1) {
    const isOver = again === 0 || (await hasGivenUp(clock.wait(PAUSE_MS, call.signal)));
    if (isOver) throw new StorageError('DRV-PENDING', id, 'it is being removed and still there');
    left = isRest(left) ? await removeAll(rds, remove, call) : ours(await rds.run(read, call), rds.settings);
  }
}

async function removeAll(
  rds: Pick<Rds, 'run' | 'settings'>,
  remove: Asking<ObjectState>,
  call: Call,
): Promise<ObjectState> {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    let removed: RdsSettings['chosen'];
    const left = await rds.run((settings) => {
      removed = settings.chosen;
      return remove(settings);
    }, call);
    if (removed === undefined) return ours(left, rds.settings);
    const { name } = removed;
    const subvolumes = ours(left, rds.settings).subvolumes.filter((row) => !isLonger(row, { name }));
    if (subvolumes.length === 0 || subvolumes.length >= before) return { ...left, subvolumes };
    before = subvolumes.length;
  }
}

/** The state without what belongs to another cluster, such as one that lost a race and did not withdraw its own. */
function ours(state: ObjectState, { owners }: Pick<RdsSettings, 'owners'>): ObjectState {
  const subvolumes = state.subvolumes.filter(({ name }) => {
    const { owner } = parseVolumeName(name) ?? parseSnapshotName(name) ?? {};
    return owner !== undefined && owners.includes(owner);
  });
  return { ...state, subvolumes };
}

/** Whether there is a disk item without a subvolume. */
function isRest({ subvolumes, disk }: ObjectState): boolean {
  return subvolumes.length === 0 && disk !== undefined;
}

function isNothing({ subvolumes, disk }: ObjectState): boolean {
  return subvolumes.length === 0 && disk === undefined;
}

async function hasGivenUp(waiting: Promise<void>): Promise<boolean> {
  return await waiting.then(
    () => false,
    () => true,
  );
}
