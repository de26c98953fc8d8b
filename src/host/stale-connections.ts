/** What a node still has of publications of a volume that have ended, though no one unstaged it: a forced detach. */
import { StorageError } from '../storage/errors.ts';
import type { Attachment, NvmeTarget } from './attachment.ts';
import type { NodeDependencies, VolumeIdentity } from './node-dependencies.ts';
import { isFree } from './volume-users.ts';

/** NQNs of the volume that this node is connected to, other than that of the publication. */
export async function staleConnections(
  attachment: Attachment,
  volume: VolumeIdentity,
  now: NvmeTarget,
): Promise<string[]> {
  return (await attachment.connected(volume.nqn)).filter((nqn) => nqn !== now.nqn);
}

/**
 * Ends the connections of earlier publications. The RDS has exported the volume under another NQN since, and another node
 * may have written to it: what was not flushed here must never reach it.
 *
 * @throws StorageError `unavailable` when one still leads to the RDS, and when one cannot be ended
 */
export async function endStaleConnections(
  tools: NodeDependencies,
  volume: VolumeIdentity,
  now: NvmeTarget,
): Promise<void> {
  const { attachment, logger, onUnflushed } = tools;
  for (const nqn of await staleConnections(attachment, volume, now)) {
    if (await attachment.isLive(nqn)) throw stillThere(volume, nqn);
    const device = await attachment.find(nqn);
    const isUsed = device !== undefined && !(await isFree(device));
    await attachment.disconnect(nqn);
    logger.warn({ volumeId: volume.id, nqn, isUsed }, 'ended the connection of an earlier publication');
    if (isUsed) onUnflushed?.(volume);
  }
}

function stillThere({ id }: VolumeIdentity, nqn: string): StorageError {
  return new StorageError('NODE-STALE', id, nqn);
}
