/** The NQNs of volumes, as both sides of the storage network know them. */

/** What every subsystem NQN of a volume begins with, derivable from its handle alone. */
export function nqnOf(volumeUuid: string): string {
  return `nqn.2026-11.io.rose-csi:pvc-${volumeUuid}`;
}

/** Whether a subsystem NQN is that of the publication, or of any publication of the volume, that is asked for. */
export function isNqnOf(asked: string, subsystem: string): boolean {
  return subsystem === asked || (subsystem.startsWith(asked) && /^-[0-9a-f]{8}$/.test(subsystem.slice(asked.length)));
}
