import { type Answer, answer } from './answer.ts';
import type { Objects } from './cluster.fixture.ts';
import type { BackendStatus, ClusterState, Device, DeviceView, PoolStatus } from './cluster-state.ts';
import { type BackendReader, gather } from './gather.ts';
import { DRIVER, HANDLE, NOW, SNAP_HANDLE } from './objects.fixture.ts';
import { parseSubject } from './subject.ts';

/** A cluster, and what must come out of it. */
export interface Case {
  readonly title: string;
  /** `pvc/data` when left out. */
  readonly subject?: string;
  readonly objects: Objects;
  /** Of the verdict; undefined when there is none. */
  readonly rule: string | undefined;
  readonly result: Answer['result'];
  /** Nothing stands beside the verdict. */
  readonly alone?: boolean;
  /** Is in what, why, message, next step or command of the verdict. */
  readonly says?: RegExp;
  /** The RDS is asked when it is given. */
  readonly view?: Partial<DeviceView>;
}

export const RDS1: BackendStatus = { backend: 'rds1', problems: [], freeBytes: 10n ** 12n, pools: new Map() };

/** A pool with room. */
export function poolStatus(fields: Partial<PoolStatus> = {}): PoolStatus {
  return { conditions: [], freeBytes: 2n ** 31n, scarcity: undefined, ...fields };
}

/** The volume as a healthy RDS has it, published to node-a. */
export function onRds(fields: Partial<Extract<Device, { is: 'volume' }>> = {}): Device {
  return {
    is: 'volume',
    id: HANDLE,
    pool: 'pool',
    owner: '0123abcd',
    ownedBy: 'this cluster',
    bytes: 10n * 2n ** 30n,
    slot: 'pvc-7a0f3c529d1e4a6b8c2f0e5d4b3a',
    exported: true,
    nodes: ['node-a'],
    generation: '5e6f7a8b',
    ...fields,
  };
}

export function snapshotOnRds(fields: Partial<Extract<Device, { is: 'snapshot' }>> = {}): Device {
  return {
    is: 'snapshot',
    id: SNAP_HANDLE,
    pool: 'pool',
    owner: '0123abcd',
    ownedBy: 'this cluster',
    bytes: 10n * 2n ** 30n,
    source: HANDLE,
    takenAt: NOW - 600_000,
    ...fields,
  };
}

/** Gathers the cluster state of a case without HTTP and without an RDS. */
export async function clusterStateOf({
  subject = 'pvc/data',
  objects,
  view: given,
}: Pick<Case, 'subject' | 'objects' | 'view'>): Promise<ClusterState> {
  const view: DeviceView = { backends: ['rds1'], device: { is: 'none' }, status: RDS1, ...given };
  const backends: BackendReader = {
    backends: view.backends,
    volume: async () => view,
    snapshot: async () => view,
    forNew: async () => view,
  };
  return await gather(objects.reader(), {
    subject: parseSubject(subject, 'apps'),
    driver: DRIVER,
    now: NOW,
    backends: given === undefined ? undefined : backends,
  });
}

export async function answerTo(one: Pick<Case, 'subject' | 'objects' | 'view'>): Promise<Answer> {
  return answer(await clusterStateOf(one));
}
