/** Where the programs of the node come from: this container, or the host that it runs on. */
import { stat } from 'node:fs/promises';
import { type Processes, processes } from './processes.ts';

/** A way to run programs, and what that means for paths. */
export interface HostTools {
  readonly host: Processes;
  /** Directory under which the mounts of the host appear a second time. */
  readonly hidden: string | undefined;
}

/**
 * `direct` runs the programs of this container; `nsenter` those of the host, in its mount namespace (needs hostPID);
 * `chroot=DIR` those of the host whose root is mounted at DIR.
 *
 * @throws Error that says what can be written
 */
export async function hostTools(choice: string): Promise<HostTools> {
  if (choice === 'direct') return { host: processes(), hidden: undefined };
  if (choice === 'nsenter') {
    return { host: processes(['nsenter', '--target', '1', '--mount', '--']), hidden: undefined };
  }
  const root = /^chroot=(\/.*[^/])$/.exec(choice)?.[1];
  if (root === undefined)
    throw new Error(`--host-tools "${choice}": use direct, nsenter or chroot=/absolute/directory`);
  const found = await stat(root).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new Error(`--host-tools "${choice}": there is no directory ${root}; mount the root of the host there`);
  }
  return { host: processes(['chroot', root]), hidden: root };
}
