import { type Asking, type Clock, isLonger, type ObjectState, type Rds, type RdsSettings } from '../rds/index.ts';
import { StorageError } from './errors.ts';
import type { Call } from './storage.ts';

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
 * being meanwhile was made by a call that came later, and stays. A disk item alone is what a call attached that was under way,
 * and goes, too.
 *
 * @throws StorageError `busy` when something is left all the same; and what the operations throw.
 */
export async function removeWhole(
  rds: Pick<Rds, 'run'>,
  { id, remove, read }: Removal,
  clock: Pick<Clock, 'wait'>,
  call: Call,
): Promise<void> {
  let left = await removeAll(rds, remove, call);
  for (let again = TIMES; !isNothing(left); again -= 1) {
    const isOver = again === 0 || (await hasGivenUp(clock.wait(PAUSE_MS, call.signal)));
    if (isOver) throw new StorageError('DRV-PENDING', id, 'it is being removed and still there');
    left = isRest(left) ? await removeAll(rds, remove, call) : await rds.run(read, call);
  }
}

async function removeAll(rds: Pick<Rds, 'run'>, remove: Asking<ObjectState>, call: Call): Promise<ObjectState> {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    let removed: RdsSettings['chosen'];
    const left = await rds.run((settings) => {
      removed = settings.chosen;
      return remove(settings);
    }, call);
    if (removed === undefined) return left;
    const { name } = removed;
    const subvolumes = left.subvolumes.filter((row) => !isLonger(row, { name }));
    if (subvolumes.length === 0 || subvolumes.length >= before) return { ...left, subvolumes };
    before = subvolumes.length;
  }
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
