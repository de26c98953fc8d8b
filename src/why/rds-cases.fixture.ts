import { type Case, onRds, poolStatus, RDS1 } from './case.fixture.ts';
import { attachment, DRIVER, HANDLE, healthy, node, SNAP_HANDLE, volume } from './objects.fixture.ts';

/** The same volume, as another backend would call it. */
const OTHER = HANDLE.replace('rds1', 'rds9');

/** What the RDS has of a volume. */
export const RDS_CASES: readonly Case[] = [
  {
    title: 'a volume as it should be, on the RDS too',
    objects: healthy(),
    view: { device: onRds() },
    rule: undefined,
    result: 'fine',
  },
  {
    title: 'an RDS with another pool',
    objects: healthy(),
    view: { status: { ...RDS1, problems: ['pool pool: its uuid is x, configured is y [RC-POOL]'] } },
    rule: 'backend-unfit',
    result: 'stuck',
    says: /its uuid is x/,
  },
  {
    title: 'an RDS that does not answer',
    objects: healthy(),
    view: { device: { is: 'unseen', id: HANDLE, because: 'ECONNREFUSED' }, status: undefined },
    rule: 'backend-unreachable',
    result: 'unknown',
    says: /ECONNREFUSED/,
  },
  {
    title: 'a backend that is not configured',
    objects: healthy(),
    view: { device: { is: 'unconfigured', id: HANDLE, backend: 'rds1' }, backends: ['rds9'] },
    rule: 'unknown-backend',
    result: 'stuck',
    says: /Configured: rds9/,
  },
  {
    title: 'a backend that was renamed',
    objects: healthy(),
    view: { device: { is: 'unconfigured', id: HANDLE, backend: 'rds1', elsewhere: [OTHER] }, backends: ['rds9'] },
    rule: 'backend-renamed',
    result: 'stuck',
    says: /has rds1:pvc-\S+ as rds9:pvc-/,
  },
  {
    title: 'backends whose names were exchanged',
    objects: healthy(),
    view: { device: { is: 'absent', id: HANDLE, elsewhere: [OTHER] }, backends: ['rds1', 'rds9'] },
    rule: 'backend-renamed',
    result: 'stuck',
    says: /Give each backend the name that it had/,
  },
  {
    title: 'a volume that is not on the RDS',
    objects: healthy(),
    view: { device: { is: 'absent', id: HANDLE } },
    rule: 'device-absent',
    result: 'stuck',
    says: /--volume rds1:pvc-/,
  },
  {
    title: 'a volume made by hand with the id of a snapshot was said to be gone from the RDS',
    objects: healthy().put(
      'persistentvolumes',
      volume({ spec: { csi: { driver: DRIVER, volumeHandle: SNAP_HANDLE } } }),
    ),
    view: { device: { is: 'absent', id: SNAP_HANDLE } },
    rule: 'not-an-id',
    result: 'stuck',
    alone: true,
    says: /it is the id of a snapshot/,
  },
  {
    title: 'a volume of another cluster',
    objects: healthy(),
    view: { device: onRds({ ownedBy: undefined }) },
    rule: 'device-of-another-cluster',
    result: 'stuck',
    says: /owner 0123abcd/,
  },
  {
    title: 'an image that has shrunk',
    objects: healthy(),
    view: { device: onRds({ bytes: 2n ** 30n }) },
    rule: 'device-smaller',
    result: 'stuck',
    says: /1073741824 bytes/,
  },
  {
    title: 'an export that was lost',
    objects: healthy(),
    view: { device: onRds({ exported: false }) },
    rule: 'device-not-exported',
    result: 'stuck',
    says: /export was lost/,
  },
  {
    title: 'a disk item that was lost',
    objects: healthy(),
    view: { device: onRds({ exported: false, slot: undefined, nodes: [] }) },
    rule: 'device-not-exported',
    result: 'stuck',
    says: /reset of the router/,
  },
  {
    title: 'a node that only the RDS knows',
    objects: healthy(),
    view: { device: onRds({ nodes: ['nqn.2014-08.org.nvmexpress:uuid:x'] }) },
    rule: 'device-published-elsewhere',
    result: 'stuck',
    says: /slot="pvc-7a0f[\s\S]*comment~"rose:2 5e6f7a8b "\] nvme-tcp-export=no/,
  },
  {
    title: 'a node that only the RDS knows, beside one that uses the volume',
    objects: healthy(),
    view: { device: onRds({ nodes: ['node-a', 'nqn.2014-08.org.nvmexpress:uuid:x'] }) },
    rule: 'device-published-elsewhere',
    result: 'stuck',
    says: /Stop what uses it on node-a first.*kubectl get volumeattachments$/s,
  },
  {
    title: 'a node that has the volume by another PersistentVolume, made by hand',
    objects: healthy()
      .put('nodes', node('node-b'))
      .put('persistentvolumes', volume({ metadata: { name: 'by-hand' } }))
      .put('volumeattachments', attachment('node-b', { spec: { source: { persistentVolumeName: 'by-hand' } } })),
    view: { device: onRds({ nodes: ['node-b'] }) },
    rule: 'volume-twice',
    result: 'stuck',
    alone: true,
    says: /kubectl patch persistentvolume pvc-\S+ by-hand -p [^\n]*Retain/,
  },
  {
    title: 'an export by hand',
    objects: healthy(),
    view: { device: onRds({ nodes: [] }) },
    rule: 'device-exported-by-hand',
    result: 'stuck',
  },
  {
    title: 'a pool that lacks a device, and one that the volume is not in',
    objects: healthy(),
    view: {
      device: onRds(),
      status: {
        ...RDS1,
        pools: new Map([
          ['pool', poolStatus({ conditions: [{ code: 'PoolDeviceMissing', detail: '' }] })],
          ['cold', poolStatus({ conditions: [{ code: 'PoolDiskErrors', detail: 'nvme2: io-errors 7' }] })],
        ]),
      },
    },
    rule: 'pool-degraded',
    result: 'degraded',
    alone: true,
    says: /Pool pool of rds1 is degraded: PoolDeviceMissing/,
  },
  {
    title: 'a volume in a pool without any room was called fine while its pod could not write',
    objects: healthy(),
    view: {
      device: onRds(),
      status: {
        ...RDS1,
        pools: new Map([
          ['pool', poolStatus({ freeBytes: 0n, scarcity: 'pool pool of rds1 has 0 B of 40 GiB free' })],
          ['cold', poolStatus()],
        ]),
      },
    },
    rule: 'pool-nearly-full',
    result: 'stuck',
    alone: true,
    says: /Writes that need space fail/,
  },
  {
    title: 'a volume in a pool that is nearly full, and another pool that is full',
    objects: healthy(),
    view: {
      device: onRds(),
      status: {
        ...RDS1,
        pools: new Map([
          ['pool', poolStatus({ scarcity: 'pool pool of rds1 has 2 GiB of 40 GiB free' })],
          ['cold', poolStatus({ freeBytes: 0n, scarcity: 'pool cold of rds1 has 0 B of 40 GiB free' })],
        ]),
      },
    },
    rule: 'pool-nearly-full',
    result: 'degraded',
    alone: true,
    says: /2 GiB of 40 GiB/,
  },
];
