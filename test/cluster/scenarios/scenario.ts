import { until } from '../../support/until.ts';
import type { Cluster } from '../cluster.ts';
import type { Kubectl } from '../kubectl.ts';

/** Something that users do with volumes, and what must come of it. */
export interface Scenario {
  /** A sentence that holds when it ends well. */
  readonly title: string;
  run(cluster: Cluster): Promise<void>;
}

/** How long Kubernetes gets for a step, in seconds. */
export const SECONDS = 120;

/** Deletes objects, and waits until they are gone. @param names such as `pod/writer`. */
export async function remove({ kubectl }: Cluster, ...names: readonly string[]): Promise<void> {
  await kubectl.run(['delete', ...names, `--timeout=${SECONDS}s`]);
}

/** Waits until pods are ready. */
export async function ready({ kubectl }: Cluster, ...names: readonly string[]): Promise<void> {
  await kubectl.wait(
    'condition=Ready',
    names.map((name) => `pod/${name}`),
    SECONDS,
  );
}

/** Runs a line of shell in a pod. @returns what it printed. */
export async function shell({ kubectl }: Cluster, pod: string, line: string): Promise<string> {
  return await kubectl.run(['exec', pod, '--', 'sh', '-c', line]);
}

/** The last number in a pod's log (`COUNTING`), 0 when there is none. A line is written whole or not at all. */
export async function counted(cluster: Cluster, pod: string): Promise<number> {
  return Number(await shell(cluster, pod, 'test ! -e /data/log || tail -n 1 /data/log'));
}

/** Waits until a condition holds that Kubernetes needs time for. */
export async function eventually(condition: () => Promise<boolean>, seconds = SECONDS): Promise<void> {
  await until(condition, seconds * 1000);
}

/** What the Events about an object say, each with its reason in front. @param kind such as `PersistentVolumeClaim`. */
export async function eventsAbout(kubectl: Kubectl, kind: string, name: string): Promise<readonly string[]> {
  const selector = `--field-selector=involvedObject.kind=${kind},involvedObject.name=${name}`;
  const events = await kubectl.list('events', '--all-namespaces', selector);
  return events.map(({ reason, message }) => `${reason}: ${message}`);
}

/** Waits until nothing of the driver's is left in Kubernetes or on both RDS. */
export async function nothingLeft({ kubectl, pair }: Cluster): Promise<void> {
  for (const kind of ['pv', 'volumesnapshotcontents', 'volumeattachments']) {
    await eventually(async () => (await kubectl.list(kind)).length === 0);
  }
  const isEmpty = async (): Promise<boolean> => {
    const pools = (await Promise.all(pair.all.map((rds) => rds.pools()))).flat();
    return pools.every(({ subvolumes, strayFiles }) => subvolumes.length + strayFiles.length === 0);
  };
  await eventually(isEmpty);
}
