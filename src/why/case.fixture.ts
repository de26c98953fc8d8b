import { type Answer, answer } from './answer.ts';
import type { Objects } from './cluster.fixture.ts';
import { type Boxes, gather } from './gather.ts';
import { DRIVER, HANDLE, NOW, SNAP_HANDLE } from './objects.fixture.ts';
import type { Box, Device, DeviceView, Scene } from './scene.ts';
import { parseSubject } from './subject.ts';

/** A scene, and what must come out of it. */
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
  /** The box is asked when it is given. */
  readonly box?: Partial<DeviceView>;
}

export const BOX: Box = { backend: 'rds1', problems: [], freeBytes: 10n ** 12n };

/** The volume as a healthy box has it, published to node-a. */
export function onBox(fields: Partial<Extract<Device, { is: 'volume' }>> = {}): Device {
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
    ...fields,
  };
}

export function snapshotOnBox(fields: Partial<Extract<Device, { is: 'snapshot' }>> = {}): Device {
  return {
    is: 'snapshot',
    id: SNAP_HANDLE,
    pool: 'pool',
    owner: '0123abcd',
    ownedBy: 'this cluster',
    bytes: 10n * 2n ** 30n,
    source: HANDLE,
    cutAt: NOW - 600_000,
    ...fields,
  };
}

/** Gathers the scene of a case without HTTP and without a box. */
export async function sceneOf({
  subject = 'pvc/data',
  objects,
  box,
}: Pick<Case, 'subject' | 'objects' | 'box'>): Promise<Scene> {
  const view: DeviceView = { backends: ['rds1'], device: { is: 'none' }, box: BOX, ...box };
  const boxes: Boxes = {
    backends: view.backends,
    volume: async () => view,
    snapshot: async () => view,
    forNew: async () => view,
  };
  return await gather(objects.reader(), {
    subject: parseSubject(subject, 'apps'),
    driver: DRIVER,
    now: NOW,
    boxes: box === undefined ? undefined : boxes,
  });
}

export async function answerTo(one: Pick<Case, 'subject' | 'objects' | 'box'>): Promise<Answer> {
  return answer(await sceneOf(one));
}
