/** The NQNs of volumes, as both sides of the storage network know them. */

import { isUuid } from './identity.ts';

const PREFIX = 'nqn.2026-11.io.rose-csi:pvc-';
const PUBLICATION = /-[0-9a-f]{8}$/;

/** What every subsystem NQN of a volume begins with, derivable from its handle alone. */
export function nqnOf(volumeUuid: string): string {
  return `${PREFIX}${volumeUuid}`;
}

/** The uuid of the volume that a subsystem NQN is a publication of; undefined when it is none of this driver's. */
export function volumeUuidOf(subsystem: string): string | undefined {
  if (!subsystem.startsWith(PREFIX) || !PUBLICATION.test(subsystem)) return undefined;
  const uuid = subsystem.slice(PREFIX.length).replace(PUBLICATION, '');
  return isUuid(uuid) ? uuid : undefined;
}

/** Whether a subsystem NQN is that of the publication, or of any publication of the volume, that is asked for. */
export function isNqnOf(asked: string, subsystem: string): boolean {
  return subsystem === asked || (subsystem.startsWith(asked) && /^-[0-9a-f]{8}$/.test(subsystem.slice(asked.length)));
}
