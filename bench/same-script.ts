import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { openBackend } from '../src/app/backends.ts';
import { loadConfig } from '../src/config/load.ts';
import { createSnapshot, snapshotNamePrefix } from '../src/rds/index.ts';
import { identity, parseHandle, printHandle, snapshotRef, volumeRef } from '../src/storage/ids.ts';
import type { Rig } from './rig.ts';

const SECONDS = 1_790_000_000n;

/**
 * An exec of the very script by which the driver makes a snapshot, without the driver: what is left of CreateSnapshot is gRPC,
 * and what the driver does before and after.
 *
 * @returns makes a snapshot of a volume, and answers its id.
 */
export async function snapshotByHand({ configFile, routerOs }: Rig): Promise<(volumeId: string) => Promise<string>> {
  const { driverName, clusterId, backends } = await loadConfig(configFile);
  const [config] = backends;
  if (config === undefined) throw new Error('the configuration has a backend');
  const { owner, owners } = identity(driverName, clusterId, []);
  const { settings } = openBackend(config, { owners, logger: pino({ level: 'silent' }) }).rds;
  return async (volumeId) => {
    const source = parseHandle('pvc', volumeId);
    if (source === undefined) throw new Error(`${volumeId} is no volume`);
    const uuid = randomUUID();
    const namePrefix = snapshotNamePrefix({ uuid, owner, sourceUuid: source.uuid, createdAtSeconds: SECONDS });
    const request = { snapshot: snapshotRef({ uuid }), source: volumeRef(source), namePrefix };
    await routerOs.run(createSnapshot(settings, request).script, { kind: 'write' });
    return printHandle({ kind: 'snap', backend: config.name, uuid });
  };
}
