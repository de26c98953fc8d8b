import type { Asking, ObjectState, Rds } from '../rds/index.ts';
import type { Call } from './storage.ts';

/**
 * Removes an object. Where several subvolumes have names of its id, since a race has left another one beside it, they go one
 * by one. What comes into being meanwhile was made by a call that came later, and stays.
 *
 * @param removal of one; the box that it is given says which, where there are several.
 * @returns what is left in the end.
 */
export async function untilGone(rds: Pick<Rds, 'run'>, removal: Asking<ObjectState>, call: Call): Promise<ObjectState> {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    let several = false;
    const left = await rds.run((box) => {
      several = box.chosen !== undefined;
      return removal(box);
    }, call);
    const { length } = left.subvolumes;
    if (length === 0 || !several || length >= before) return left;
    before = length;
  }
}
