import type { InventoryCopy } from '../storage/inventory.ts';
import type { CopyScene } from './scene.ts';

/** What is said of what bears the name of a volume or snapshot and is none. */
export interface CopyWords {
  /** What it is. */
  readonly what: (copy: InventoryCopy) => string;
  /** What to do about it, in sentences. */
  readonly hint: (copy: InventoryCopy) => string;
  /** The commands for its RDS that remove it; none where it should stay, or has to be found by hand. */
  readonly removal: (copy: InventoryCopy) => readonly string[];
}

/** The copies by what they are named like. */
export function attributed(
  copies: readonly InventoryCopy[],
  words: CopyWords,
): ReadonlyMap<string, readonly CopyScene[]> {
  const scenes = copies.map((copy): [string, CopyScene] => {
    const { of, backend, pool, createdAtSeconds } = copy;
    const taken = createdAtSeconds === undefined ? {} : { takenAt: Number(createdAtSeconds) * 1000 };
    return [of, { what: words.what(copy), backend, pool, ...taken }];
  });
  const grouped = Map.groupBy(scenes, ([of]) => of);
  return new Map([...grouped].map(([of, some]) => [of, some.map(([, scene]) => scene)]));
}
