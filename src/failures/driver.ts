import type { Failure } from './failure.ts';
import { LOGS, RETRIES, SNAPSHOTS, VALUES } from './failure.ts';

/** What the driver itself refuses, on the controller and on nodes. */
export const DRIVER = {
  'DRV-INVALID': {
    kind: 'invalid',
    what: 'the request can never succeed as it stands',
    says: (detail) => detail,
    remedy: '',
  },
  'DRV-ABSENT': {
    kind: 'notFound',
    what: 'there is no volume, snapshot or node of this id',
    says: (detail) => detail,
    remedy: '',
    command: SNAPSHOTS,
  },
  'DRV-BACKEND': {
    kind: 'unavailable',
    what: 'the backend is not configured',
    says: (detail) => `no backend ${detail} is configured`,
    remedy: 'Put the backend back under that name: it must not change',
    command: VALUES,
  },
  'DRV-NETWORK': {
    kind: 'exhausted',
    what: 'no node that was asked for reaches the storage network of the backend',
    remedy: 'Run the node plugin with that network on the nodes that reach it (node.networks of the chart)',
    page: 'guides/several-boxes.md#several-networks',
    command: 'kubectl get nodes --show-labels',
  },
  'DRV-EXISTS': {
    kind: 'alreadyExists',
    what: 'the name is taken by an object made from another request',
    remedy: 'Use another name',
  },
  'DRV-RANGE': {
    kind: 'outOfRange',
    what: 'the size cannot be had',
    says: (detail) => detail,
    remedy: '',
  },
  'DRV-BUSY': {
    kind: 'busy',
    what: 'another operation on it is still running',
    remedy: RETRIES,
    passes: true,
    command: LOGS,
  },
  'DRV-PENDING': {
    kind: 'busy',
    what: 'the RDS is not done with it yet',
    remedy: RETRIES,
    passes: true,
    command: LOGS,
  },
  'DRV-LEFTOVER': {
    kind: 'unavailable',
    what: 'a partial volume could not be removed yet',
    remedy: RETRIES,
    passes: true,
    command: LOGS,
  },
  'DRV-KEPT': {
    kind: 'precondition',
    what: 'it is not certain to be without data and is left alone',
    remedy: 'Inspect it on the RDS',
    command: SNAPSHOTS,
  },
  'DRV-AUTOMOUNT': {
    kind: 'precondition',
    what: 'the disk item is not as it was added: RouterOS itself would mount what is in the image',
    remedy: 'Inspect the disk item on the RDS',
  },
  'DRV-TOKEN': {
    kind: 'badToken',
    what: 'the page token is not from a list of this driver',
    remedy: 'Start again without a token',
  },
  'DRV-DEFECT': {
    kind: 'internal',
    what: 'a defect in rose-csi',
    remedy: 'Report it with the line of the log',
    command: LOGS,
  },
} as const satisfies Readonly<Record<string, Failure>>;
