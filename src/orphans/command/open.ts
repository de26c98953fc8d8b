import { inventoryOrExplain } from '../../app/inventory.ts';
import type { ClusterFlags, OverrideFlags } from '../../cli/flags.ts';
import { showing } from '../../cli/progress.ts';
import type { Config } from '../../config/schema.ts';
import { type Call, callWithin } from '../../storage/call.ts';
import type { Inventory } from '../../storage/inventory.ts';
import type { StorageService } from '../../storage/service.ts';
import type { KubernetesView } from '../references.ts';

/** What all commands of `rose-csi orphans` take. */
export interface OrphansFlags extends ClusterFlags, OverrideFlags {
  readonly config: string;
  readonly deviceOnly?: boolean;
  readonly json?: boolean;
}

/** The backends of a configuration and the cluster beside them. */
export interface Opened {
  readonly config: Config;
  readonly storage: StorageService;
  /** Our own owner and those of adopted clusters, with the words for each. */
  readonly owners: ReadonlyMap<string, string>;
  /** Everything of our owners on the backends. */
  inventory(): Promise<Inventory>;
  /**
   * What Kubernetes knows; undefined when it is not to be asked.
   *
   * @throws Error when it cannot be asked.
   */
  view(): Promise<KubernetesView | undefined>;
  close(): Promise<void>;
}

/** The words for our own owner. */
export const THIS_CLUSTER = 'this cluster';

/** Patience with the backends and with the API server, in ms each. */
const PATIENCE_MS = 120_000;

/**
 * Reads the configuration and finds the cluster: the one that --kubeconfig names, else the one that this runs in, else
 * that of `KUBECONFIG` or `~/.kube/config`. Nothing is connected yet.
 */
export async function openOrphans({ config: file, ...flags }: OrphansFlags): Promise<Opened> {
  const { readConfiguration } = await import('../../app/configuration.ts');
  const { clusterId, driverName } = flags;
  const config = await readConfiguration(file, { clusterId, driverName });
  const [{ createLogger }, { openBackends }, { adoptedOwner, identity }, { StorageService }] = await Promise.all([
    import('../../observability/log.ts'),
    import('../../app/backends.ts'),
    import('../../storage/ids.ts'),
    import('../../storage/service.ts'),
  ]);
  const ours = identity(config.driverName, config.clusterId, config.adoptedClusterIds);
  const logger = createLogger('error');
  const backends = openBackends(config.backends, { owners: ours.owners, logger });
  const storage = new StorageService({ backends, identity: ours });
  const adopted = config.adoptedClusterIds.map((id): [string, string] => {
    return [adoptedOwner(config.driverName, id), `adopted cluster ${id}`];
  });
  return {
    config,
    storage,
    owners: new Map([...adopted, [ours.owner, THIS_CLUSTER]]),
    inventory: () => showing('reading the volumes and snapshots …', () => inventoryOrExplain(storage, PATIENCE_MS)),
    view: async () =>
      flags.deviceOnly === true ? undefined : await showing('asking Kubernetes …', () => askCluster(flags)),
    close: () => storage.close(),
  };
}

/** Enough time for one step. */
export function patience(): Call {
  return callWithin(PATIENCE_MS);
}

async function askCluster(flags: Omit<OrphansFlags, 'config'>): Promise<KubernetesView> {
  const [{ KubernetesClient }, { viewOf }, { accessFor }] = await Promise.all([
    import('../../kubernetes/client.ts'),
    import('../references.ts'),
    import('../../app/cluster-access.ts'),
  ]);
  try {
    // The commands only list, and no list is of a namespace.
    const client = new KubernetesClient(await accessFor(flags), { namespace: 'default' });
    return await viewOf(client, patience().signal);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const text = `Kubernetes cannot be asked: ${reason}\n--kubeconfig names a cluster; --device-only goes on without one`;
    throw new Error(text, { cause });
  }
}
