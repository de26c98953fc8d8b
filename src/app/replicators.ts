import { parseDuration } from '../config/duration.ts';
import type { BackendConfig } from '../config/schema.ts';
import type { Backend } from '../storage/backend.ts';
import { SILENT } from '../storage/replication/observer.ts';
import type { ReplicaPair } from '../storage/replication/pair.ts';
import { Replicator } from '../storage/replication/replicator.ts';

/** The pools that have a replica, and where that is. The configuration was checked as a whole. */
export function replicaPairs(configs: readonly BackendConfig[], backends: readonly Backend[]): ReplicaPair[] {
  const named = (name: string) => backends.find((backend) => backend.name === name);
  return configs.flatMap(({ name, pools }) =>
    pools.flatMap(({ label, replica }) => {
      const [from, to] = [named(name), named(replica?.backend ?? '')];
      const pool = from?.rds.settings.pools.find((one) => one.label === label);
      const target = to?.rds.settings.pools.find((one) => one.label === replica?.pool);
      if (replica === undefined || !from || !to || !pool || !target) return [];
      const { address, port, user, keep } = replica;
      // The label is the manual's word for where is received, with a subvolume behind it (U31).
      const mount = target.receivesIn === undefined ? target.label : `${target.label}/${target.receivesIn}`;
      const at = { address, port, user, mount };
      return [{ from, pool, to, replica: target, target: at, keepMs: parseDuration(keep) }];
    }),
  );
}

/** For a command that looks at copies by their ids, and makes no passes. */
export function readingReplicators(configs: readonly BackendConfig[], backends: readonly Backend[]): Replicator[] {
  return replicaPairs(configs, backends).map((pair) => new Replicator(pair, { backends, observer: SILENT }));
}
