import type { Failure } from './failure.ts';
import { LOGS, RETRIES } from './failure.ts';
import { ofTwo } from './figures.ts';

/** See from the node whether the data address answers. */
const REACH = 'nc -vz DATA-ADDRESS 4420';

/** What a node says of its connection to a volume, and of the device. */
export const DEVICES = {
  'NODE-CONNECT': {
    kind: 'unavailable',
    what: 'the node cannot connect to the volume over NVMe/TCP',
    remedy:
      'See whether the data address of the RDS answers on its port from that node, and whether the disk is exported',
    passes: true,
    command: REACH,
  },
  'NODE-LOST': {
    kind: 'unavailable',
    what: 'the device of the volume does not answer, so nothing is concluded from it',
    remedy: 'See whether the data address of the RDS answers on its port from that node. Retrying automatically',
    passes: true,
    command: REACH,
  },
  'NODE-OTHER': {
    kind: 'unavailable',
    what: 'the node is connected to the volume on another RDS, or on one that has moved',
    remedy: 'Delete the pods that use the volume on that node: it is disconnected when nothing uses it',
    passes: true,
    command: LOGS,
  },
  'NODE-STALE': {
    kind: 'unavailable',
    what: 'the volume was detached by force and published again, and the RDS still serves the connection from before',
    remedy: 'Delete the pods that use the volume on that node; if this lasts, reboot the node',
    passes: true,
    command: LOGS,
  },
  'NODE-SIZE': {
    kind: 'unavailable',
    what: 'the node still sees the old size of the volume',
    says: ofTwo((size, wanted) => `the node still sees ${size} of ${wanted} after a rescan`),
    remedy: 'Retrying automatically; if this lasts, delete the pod: the next one connects again and gets all of it',
    passes: true,
  },
  'NODE-CHANGED': {
    kind: 'unavailable',
    what: 'the device became another one meanwhile',
    remedy: RETRIES,
    passes: true,
    command: LOGS,
  },
  'NODE-TWO': {
    kind: 'unavailable',
    what: 'the volume is several devices at once, and none of them is used',
    remedy: 'Disconnect all but one on the node',
    command: LOGS,
  },
  'NODE-LOCKED': {
    kind: 'busy',
    what: 'a program works on the device and has it locked',
    remedy: RETRIES,
    passes: true,
    command: LOGS,
  },
  'NODE-HELD': {
    kind: 'unavailable',
    what: 'the device is held by another program or device of this node',
    remedy: 'End what holds it, and keep it from taking volumes',
    page: 'node-safety.md#what-it-needs',
    passes: true,
    command: LOGS,
  },
  'NODE-FLUSH': {
    kind: 'unavailable',
    what: 'the volume is still being flushed, or used in another mount namespace',
    remedy: 'Retrying automatically; if this lasts, see on the node what holds the device',
    passes: true,
    command: LOGS,
  },
  'NODE-DISCONNECT': {
    kind: 'unavailable',
    what: 'the volume is still connected after `nvme disconnect`',
    remedy: 'Retrying automatically; if this lasts, see on the node what holds the device',
    passes: true,
    command: LOGS,
  },
  'NODE-PROGRAM': {
    kind: 'unavailable',
    what: 'a program of the node failed',
    remedy: 'Retrying automatically; if this repeats, see its words in the log of the node plugin',
    passes: true,
    command: LOGS,
  },
} as const satisfies Readonly<Record<string, Failure>>;
