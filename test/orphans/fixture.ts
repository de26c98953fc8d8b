import type { TestContext } from 'node:test';
import { openBackend } from '../../src/app/backends.ts';
import { loadConfig } from '../../src/config/load.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { Leadership } from '../../src/kubernetes/leadership.ts';
import { createLogger } from '../../src/observability/log.ts';
import type { BackendObject } from '../../src/orphans/find.ts';
import { OrphanController, type OrphanControllerOptions } from '../../src/orphans/orphan-controller.ts';
import { identity } from '../../src/storage/ids.ts';
import { StorageService } from '../../src/storage/service.ts';
import { change, showRows } from '../support/console.ts';
import { KubernetesApi, persistentVolume, snapshotContent } from '../support/kubernetes-api.ts';
import { CLUSTER_ID, type Stack, type StackOptions, startStack } from '../support/stack.ts';

export const DRIVER = 'rds.rose-csi.io';
const STATE_NAME = 'test-orphans';
export const HOUR_MS = 3_600_000;

/** An RDS, a controller, an API server, and an orphan controller over both whose passes the test starts. */
export interface Fixture {
  readonly stack: Stack;
  readonly api: KubernetesApi;
  readonly storage: StorageService;
  readonly controller: OrphanController;
  /** What the controller reported. */
  readonly told: Told;
  /** The clock of the controller, in ms since the epoch. */
  readonly clock: { ms: number };
  /** Makes Kubernetes refer to volumes and snapshots. */
  refer(...ids: readonly string[]): void;
  /** Lets time go by and makes a pass. */
  passAfter(ms: number): Promise<string>;
}

interface Told {
  orphans: readonly BackendObject[];
  readonly fresh: string[];
  readonly removed: string[];
  readonly failed: string[];
  readonly ended: string[];
  reason: string | undefined;
}

/** Time enough between two passes. */
export const GRACE_MS = 24 * HOUR_MS;

export async function startFixture(
  t: TestContext,
  options: Partial<OrphanControllerOptions> = {},
  stackOptions: StackOptions = {},
): Promise<Fixture> {
  const stack = await startStack(t, stackOptions);
  const api = await KubernetesApi.start(t);
  const storage = await storageOf(t, stack);
  const told: Told = { orphans: [], fresh: [], removed: [], failed: [], ended: [], reason: undefined };
  const clock = { ms: Date.now() };
  const cluster = new KubernetesClient(api.access, { namespace: 'rose-csi', requestMs: 300 });
  const controller = new OrphanController({
    cluster,
    storage,
    driver: DRIVER,
    stateName: STATE_NAME,
    graceSeconds: GRACE_MS / 1000,
    deletePartial: false,
    about: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'rose-csi', name: STATE_NAME },
    leadership: new Leadership({ cluster, name: STATE_NAME, holder: 'tests', seconds: 7200 }),
    observer: {
      orphans: (all, fresh) => {
        told.orphans = all;
        told.fresh.push(...fresh.map(({ id }) => id));
      },
      removed: ({ id }) => void told.removed.push(id),
      failed: (what) => void told.failed.push(what),
      ended: (outcome, reason) => {
        told.ended.push(outcome);
        told.reason = reason;
      },
    },
    now: () => clock.ms,
    ...options,
  });
  const passAfter = async (ms: number) => {
    clock.ms += ms;
    return await controller.pass(AbortSignal.timeout(60_000));
  };
  return { stack, api, storage, controller, told, clock, refer: (...ids) => refer(api, ...ids), passAfter };
}

/** Makes Kubernetes refer to volumes and snapshots. */
export function refer(api: KubernetesApi, ...ids: readonly string[]): void {
  for (const id of ids) {
    if (id.includes(':pvc-')) api.put('persistentvolumes', persistentVolume(id));
    else
      api.put(
        'volumesnapshotcontents',
        snapshotContent(`content-of-${id.slice(id.indexOf(':') + 1)}`, { snapshotHandle: id }),
      );
  }
}

/**
 * The driver's storage on the RDS of a stack, without gRPC.
 *
 * @param labels of the pools that it knows; all that are configured unless given
 */
export async function storageOf(t: TestContext, stack: Stack, labels?: readonly string[]): Promise<StorageService> {
  const config = await loadConfig(stack.configFile);
  const owner = identity(config.driverName, config.clusterId, config.adoptedClusterIds);
  const backends = config.backends.map((backend) => {
    const pools = backend.pools.filter(({ label }) => labels?.includes(label) ?? true);
    return openBackend({ ...backend, pools }, { owners: owner.owners, logger: createLogger('fatal') });
  });
  const storage = new StorageService({ backends, identity: owner });
  t.after(() => storage.close());
  return storage;
}

export function slotOf(volumeId: string): string {
  return `pvc-${volumeId.slice('rds1:pvc-'.length).replaceAll('-', '').slice(0, 28)}`;
}

/** Removes the disk item of a volume, as a reset of the router does. */
export async function loseDiskItem({ simulator }: Stack, volumeId: string): Promise<void> {
  await change(simulator, `/disk remove [find where slot=${slotOf(volumeId)}]`);
}

/** Makes what a creation leaves that was interrupted behind its first command; returns the volume's id. */
export async function emptySubvolume({ simulator }: Stack, clusterId = CLUSTER_ID): Promise<string> {
  const uuid = crypto.randomUUID();
  const { owner } = identity(DRIVER, clusterId, []);
  const name = `pvc-${uuid}-${owner}-n00000000-0000-0000-0000-000000000000-1048576`;
  await change(simulator, `/disk/btrfs/subvolume/add fs=pool name=${name}`);
  return `rds1:pvc-${uuid}`;
}

/** Hides the subvolumes of a volume, and what is in them, as if someone had removed them by hand. */
export function loseSubvolume({ simulator }: Stack, volumeId: string): void {
  const name = volumeId.slice('rds1:'.length);
  showRows(simulator, '/disk/btrfs/subvolume', (rows) =>
    rows.filter((row) => !String(row.props.get('name')).startsWith(name)),
  );
  showRows(simulator, '/file', (rows) => rows.filter((row) => !String(row.props.get('name')).includes(`/${name}`)));
}
