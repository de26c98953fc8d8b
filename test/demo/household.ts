import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { nodeIdOf } from '../../src/storage/ids.ts';
import { Objects, type Raw } from '../../src/why/cluster.fixture.ts';
import type { Installation } from '../support/installation.ts';
import { startConsole } from '../support/programs.ts';
import { filesystem, fromSnapshot, GiB, volumeRequest } from '../support/requests.ts';
import { ReadOnlyApi } from '../why/api.ts';
import { writePattern } from './content.ts';

const DRIVER = 'rds.rose-csi.io';
const CLASS = 'rose-csi';
const NODES = ['worker-1', 'worker-2'] as const;
/** From one thing that happens to the next, in ms. */
const PAUSE_MS = 4_000;
/** Snapshots of a claim that are kept. */
const KEPT = 5;
const MIB = 1024 * 1024;

/** Claims with their sizes in GiB and the node that they are used on. */
const CLAIMS = [
  ['db', 'postgres-data-0', 20n, 'worker-1'],
  ['db', 'postgres-data-1', 20n, 'worker-2'],
  ['home', 'nextcloud', 200n, 'worker-1'],
  ['media', 'jellyfin-config', 5n, 'worker-2'],
  ['git', 'gitea-shared-storage', 50n, 'worker-1'],
] as const;

interface Held {
  readonly namespace: string;
  readonly name: string;
  readonly id: string;
  readonly nqn: string;
  readonly snapshots: { readonly name: string; readonly id: string }[];
}

export interface ShowOptions {
  /** The program, with its page beside it. */
  readonly main: string;
  readonly directory: string;
  readonly show: (text: string) => void;
}

/** Claims of a household with snapshots, a console that shows them, and something new every few seconds, until a signal ends it. */
export async function showConsole(installation: Installation, { main, directory, show }: ShowOptions): Promise<void> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  const stops: (() => unknown)[] = [];
  try {
    const household = new Household(installation);
    for (const [namespace, name, size, node] of CLAIMS) await household.claim(namespace, name, size, node);
    for (let time = 0; time < 3; time += 1) await household.takeSnapshots();
    await household.restore('db', 'postgres-restore-test');
    await household.forget();
    const api = await ReadOnlyApi.start({ after: (stop) => stops.push(stop as () => unknown) }, household.objects);
    const kubeconfig = join(directory, 'kubeconfig');
    await writeFile(kubeconfig, api.kubeconfig());
    const console = await startConsole(main, installation.configFile, '--kubeconfig', kubeconfig);
    stops.push(() => console.stop());
    show(`  ${console.said}\n`);
    while (!ending.signal.aborted) {
      await pause(PAUSE_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      if (!ending.signal.aborted) show(`  ${await household.goOn()}\n`);
    }
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    for (const stop of stops.reverse()) await stop();
  }
}

/** Volumes and snapshots on the RDS, and the objects of a cluster that refer to them. */
class Household {
  readonly objects = new Objects();
  readonly #installation: Installation;
  readonly #held: Held[] = [];
  #happened = 0;

  constructor(installation: Installation) {
    this.#installation = installation;
    this.objects
      .put('csidrivers', { metadata: { name: DRIVER } })
      .put('storageclasses', { metadata: { name: CLASS }, provisioner: DRIVER })
      .put('volumesnapshotclasses', { metadata: { name: CLASS }, driver: DRIVER });
    for (const name of NODES) {
      this.objects
        .put('nodes', { metadata: { name }, status: { conditions: [{ type: 'Ready', status: 'True' }] } })
        .put('csinodes', { metadata: { name }, spec: { drivers: [{ name: DRIVER }] } });
    }
  }

  /** A claim with its volume, published to a node that uses it. */
  async claim(namespace: string, name: string, size: bigint, node: string, source = {}): Promise<void> {
    const { controller, clusterId } = this.#installation;
    const { volume } = await controller.createVolume(volumeRequest(`pvc-${crypto.randomUUID()}`, size * GiB, source));
    const id = volume?.volumeId ?? '';
    const nodeId = nodeIdOf(clusterId, node);
    const { publishContext } = await controller.controllerPublishVolume({
      volumeId: id,
      nodeId,
      volumeCapability: filesystem,
    });
    this.#held.push({ namespace, name, id, nqn: publishContext['nqn'] ?? '', snapshots: [] });
    for (const [plural, object] of claimObjects(namespace, name, id, node)) this.objects.put(plural, object);
  }

  /** A snapshot of each claim. */
  async takeSnapshots(): Promise<void> {
    for (const held of this.#held) await this.#take(held);
  }

  /** A claim of what the first one was. */
  async restore(namespace: string, name: string): Promise<void> {
    const id = this.#held[0]?.snapshots[0]?.id ?? '';
    await this.claim(namespace, name, 25n, NODES[1], fromSnapshot(id));
  }

  /** A volume that no one refers to any more. */
  async forget(): Promise<void> {
    await this.#installation.controller.createVolume(volumeRequest(`pvc-${crypto.randomUUID()}`, 8n * GiB));
  }

  /** Something that happens in a household. @returns what, in words */
  async goOn(): Promise<string> {
    const held = this.#held[this.#happened % this.#held.length];
    this.#happened += 1;
    if (held === undefined) return '';
    const offset = this.#happened * 16 * MIB;
    await writePattern(this.#installation.api, held.nqn, held.name, [{ offset, length: 8 * MIB }]);
    const taken = await this.#take(held);
    const oldest = held.snapshots.length > KEPT ? held.snapshots[0] : undefined;
    // What a volume was restored from stays, so that the tree has something to show.
    const isParent = oldest !== undefined && held === this.#held[0];
    if (oldest !== undefined && !isParent) await this.#drop(held, oldest);
    return `8 MiB written, and a snapshot of ${held.namespace}/${held.name}: ${taken}`;
  }

  async #take(held: Held): Promise<string> {
    const { namespace, name: claim, id: sourceVolumeId } = held;
    const taken = { name: `snap-${crypto.randomUUID()}`, sourceVolumeId };
    const { snapshot } = await this.#installation.controller.createSnapshot(taken);
    const id = snapshot?.snapshotId ?? '';
    const name = `${claim}-${held.snapshots.length + 1}-${id.slice(-4)}`;
    held.snapshots.push({ name, id });
    for (const [plural, object] of snapshotObjects(namespace, name, claim, id)) this.objects.put(plural, object);
    return name;
  }

  async #drop(held: Held, { name, id }: Held['snapshots'][number]): Promise<void> {
    await this.#installation.controller.deleteSnapshot({ snapshotId: id });
    held.snapshots.shift();
    this.objects.remove('volumesnapshots', name, held.namespace).remove('volumesnapshotcontents', contentOf(id));
  }
}

function claimObjects(namespace: string, name: string, id: string, node: string): [plural: string, object: Raw][] {
  const volume = id.slice(id.indexOf(':') + 1);
  const uid = `uid-of-${name}`;
  const spec = { storageClassName: CLASS, volumeName: volume, accessModes: ['ReadWriteOnce'] };
  const claimRef = { namespace, name, uid };
  const pod = `${name}-user`;
  return [
    ['persistentvolumeclaims', { metadata: { name, namespace, uid }, spec, status: { phase: 'Bound' } }],
    [
      'persistentvolumes',
      {
        metadata: { name: volume },
        spec: { csi: { driver: DRIVER, volumeHandle: id }, claimRef, storageClassName: CLASS },
        status: { phase: 'Bound' },
      },
    ],
    [
      'volumeattachments',
      {
        metadata: { name: `csi-${volume}` },
        spec: { attacher: DRIVER, nodeName: node, source: { persistentVolumeName: volume } },
        status: { attached: true },
      },
    ],
    [
      'pods',
      {
        metadata: { name: pod, namespace },
        spec: { nodeName: node, volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }] },
        status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
      },
    ],
  ];
}

function snapshotObjects(namespace: string, name: string, claim: string, id: string): [plural: string, object: Raw][] {
  const content = contentOf(id);
  const source = { persistentVolumeClaimName: claim };
  return [
    [
      'volumesnapshots',
      {
        metadata: { name, namespace },
        spec: { source, volumeSnapshotClassName: CLASS },
        status: { boundVolumeSnapshotContentName: content, readyToUse: true },
      },
    ],
    [
      'volumesnapshotcontents',
      {
        metadata: { name: content },
        spec: { driver: DRIVER, deletionPolicy: 'Delete', source: {}, volumeSnapshotRef: { namespace, name } },
        status: { snapshotHandle: id, readyToUse: true },
      },
    ],
  ];
}

function contentOf(id: string): string {
  return `snapcontent-${id.slice(id.indexOf('-') + 1)}`;
}
