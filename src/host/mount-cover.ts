/** Which of the mounts a path leads to. Known by the ids of mountinfo alone: what is mounted is not looked into. */
import type { Mount } from './mountinfo.ts';

/**
 * The mount that hides this one: a lookup of its path ends in there, on the way to it. What is mounted on it at the same path does
 * not count, as the path leads there through it. Undefined for one that nothing hides.
 */
export function coverOf(mount: Mount, all: readonly Mount[]): Mount | undefined {
  const sibling = all.find(
    ({ parent, mountPoint }) => parent === mount.parent && isAbove(mountPoint, mount.mountPoint),
  );
  const parent = sibling === undefined ? parentOf(mount, all) : undefined;
  return parent === undefined ? sibling : coverOf(parent, all);
}

/** Whether something is mounted on it at its own path. */
export function isStackedOn(mount: Mount, all: readonly Mount[]): boolean {
  return all.some(
    ({ id, parent, mountPoint }) => parent === mount.id && id !== parent && mountPoint === mount.mountPoint,
  );
}

/** How many mounts it is mounted on, one on the other. */
export function depthOf(mount: Mount, all: readonly Mount[]): number {
  const parent = parentOf(mount, all);
  return parent === undefined ? 0 : 1 + depthOf(parent, all);
}

function parentOf(mount: Mount, all: readonly Mount[]): Mount | undefined {
  return mount.parent === mount.id ? undefined : all.find(({ id }) => id === mount.parent);
}

/** A lookup begins in the root of this process, and not in what is mounted on `/` since. */
function isAbove(upper: string, point: string): boolean {
  return upper !== '/' && upper !== point && point.startsWith(`${upper}/`);
}
