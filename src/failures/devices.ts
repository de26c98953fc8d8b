import { failing, passing } from './failure.ts';
import { ofTwo } from './figures.ts';

/** See from the node whether the data address answers. */
const REACH = 'nc -vz DATA-ADDRESS 4420';

/** What a node says of its connection to a volume, and of the device. */
export const DEVICES = {
  'NODE-CONNECT': passing('unavailable', 'the node cannot connect to the volume over NVMe/TCP', {
    remedy: 'Check that the data address of the RDS answers on its port from that node, and that the disk is exported',
    command: REACH,
  }),
  'NODE-MODULE': passing('unavailable', 'the node has no NVMe/TCP: its kernel module nvme-tcp is not loaded', {
    remedy:
      'Load it there with modprobe nvme-tcp, and at every boot with a line nvme-tcp in /etc/modules-load.d/nvme-tcp.conf. Retrying automatically',
    page: 'guides/distributions.md',
    command: 'lsmod | grep nvme_tcp',
  }),
  'NODE-LOST': passing('unavailable', 'the device of the volume does not answer, so nothing is concluded from it', {
    remedy: 'Check that the data address of the RDS answers on its port from that node. Retrying automatically',
    command: REACH,
  }),
  'NODE-OTHER': passing('unavailable', 'the node is connected to the volume on another RDS, or on one that has moved', {
    remedy: 'Delete the pods that use the volume on that node: it is disconnected when nothing uses it',
  }),
  'NODE-STALE': passing(
    'unavailable',
    'the volume was detached by force and published again, and the RDS still serves the connection from before',
    { remedy: 'Delete the pods that use the volume on that node; if this lasts, reboot the node' },
  ),
  'NODE-SIZE': passing('unavailable', 'the node still sees the old size of the volume', {
    says: ofTwo((size, wanted) => `the node still sees ${size} of ${wanted} after a rescan`),
    remedy: 'Retrying automatically; if this lasts, delete the pod: the next one connects again and gets all of it',
  }),
  'NODE-CHANGED': passing('unavailable', 'the device was replaced by another one in the meantime'),
  'NODE-TWO': failing(
    'unavailable',
    'the volume appears as several devices, and none of them is used',
    'Inspect on the node which connections lead to it',
    { command: 'grep . /sys/class/nvme/*/subsysnqn /sys/class/nvme/*/address /sys/class/nvme/*/state' },
  ),
  'NODE-LOCKED': passing('busy', 'another program has the device locked'),
  'NODE-HELD': passing('unavailable', 'the device is held by another program or device of this node', {
    remedy: 'Stop what holds it, and keep it from claiming volumes',
    page: 'node-safety.md#what-it-needs',
  }),
  'NODE-FLUSH': passing('unavailable', 'the volume is still being flushed, or used in another mount namespace', {
    remedy: 'Retrying automatically; if this lasts, see on the node what holds the device',
  }),
  'NODE-DISCONNECT': passing('unavailable', 'the volume is still connected after its connection was to be ended', {
    remedy: 'Retrying automatically; if this lasts, see on the node what holds the device',
  }),
  'NODE-PROGRAM': passing('unavailable', 'a program of the node failed', {
    remedy: 'Retrying automatically; if this repeats, see its output in the log of the node plugin',
  }),
};
