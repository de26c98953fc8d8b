import type { Clock, ObjectState } from '../rds/index.ts';
import { StorageError } from './errors.ts';
import type { Call } from './storage.ts';

/** How often, and after how many milliseconds, it is looked again whether something is gone (U9). */
const TIMES = 20;
const PAUSE_MS = 100;

/**
 * Repeats a removal until nothing is left, for 2 s at most and without holding the connection meanwhile. What a race has left
 * beside an object goes with it, one by one.
 *
 * @throws StorageError `busy` when something is left all the same; and what `remove` throws.
 */
export async function untilGone(
  id: string,
  remove: () => Promise<Pick<ObjectState, 'subvolumes' | 'disk'>>,
  clock: Clock,
  { signal }: Call,
): Promise<void> {
  for (let again = TIMES; ; again -= 1) {
    const { subvolumes, disk } = await remove();
    if (subvolumes.length === 0 && disk === undefined) return;
    const isOver =
      again === 0 ||
      (await clock.wait(PAUSE_MS, signal).then(
        () => false,
        () => true,
      ));
    if (isOver) throw new StorageError('busy', `${id} is being removed and still there; it is tried again`);
  }
}
