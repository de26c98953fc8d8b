/** Which specs run together, and which do not run at all. */
import type { Kind } from './driver-definition.ts';

/** Specs that run at once, against one definition of the driver. */
export interface Group {
  readonly name: string;
  readonly kind: Kind;
  /** How many at once. */
  readonly processes: number;
  readonly minutes: number;
  /** Whether its specs want to log in on nodes. */
  readonly wantsSsh?: true;
  /** Flags for Helm as long as it runs. */
  readonly chart?: readonly string[];
}

/** What one spec is: its name without the driver's. */
export type SpecName = string;

const MANY = 8;

const UNSUPPORTED: Group = { name: 'left out by the suite', kind: 'ext4', processes: 2, minutes: 10 };
const PODS: Group = { name: 'volumes in pods', kind: 'ext4', processes: MANY, minutes: 30 };
const GROWTH: Group = { name: 'snapshots and growth', kind: 'xfs', processes: MANY, minutes: 30 };
const MULTIPLE: Group = { name: 'several volumes', kind: 'ext4', processes: MANY, minutes: 40 };
const SHARED: Group = { name: 'raw block on two nodes', kind: 'shared-block', processes: 1, minutes: 10 };
const CAPACITY: Group = { name: 'capacity', kind: 'ext4', processes: 1, minutes: 10 };
const LIMITS: Group = {
  name: 'volumes of a node',
  kind: 'few-volumes',
  processes: 1,
  minutes: 15,
  chart: ['--set=node.maxVolumes=4'],
};
const TOPOLOGY: Group = { name: 'networks', kind: 'topology', processes: 4, minutes: 10 };
/** They stop the kubelet, and are not marked as specs that must run alone. */
const DISRUPTIVE: Group = { name: 'disruptive', kind: 'ext4', processes: 1, minutes: 40, wantsSsh: true };

/** In the order in which they run. */
export const GROUPS: readonly Group[] = [
  UNSUPPORTED,
  GROWTH,
  PODS,
  SHARED,
  MULTIPLE,
  CAPACITY,
  TOPOLOGY,
  LIMITS,
  DISRUPTIVE,
];

/** The first that fits counts. */
const PLACES: readonly (readonly [RegExp, Group | string])[] = [
  [/Pre-provisioned PV|Inline-volume|CSI Ephemeral|\[Feature:Windows\]/, UNSUPPORTED],
  [/\(default fs\)\] .* any volume data source/, 'its images, of a volume populator, come from a registry'],
  [/\[Disruptive\]/, DISRUPTIVE],
  [/larger size|\] (volume-expand|ephemeral|snapshottable|fsgroupchangepolicy) /, GROWTH],
  [/\] capacity /, CAPACITY],
  [/\] topology /, TOPOLOGY],
  [/Dynamic PV .*\] volumeLimits /, LIMITS],
  [/\(block volmode\)\] multiVolume .* the single volume from pods on different node/, SHARED],
  [/\] (multiVolume|volume-stress|snapshottable-stress) /, MULTIPLE],
];

/** The group of a spec, or why it does not run. */
export function placeOf(spec: SpecName): Group | string {
  return PLACES.find(([pattern]) => pattern.test(spec))?.[1] ?? PODS;
}

/** What a short run is for: data, and what a user does with it. At most ten minutes of two cores. */
const SHORT = [
  /\] snapshottable /,
  /Dynamic PV.*\] (provisioning|volumes|volume-expand|read-write-once-pod) /,
  /\(block volmode\)\] volumeMode /,
  /Dynamic PV \(default fs\)\] subPath should support existing directory$/,
  /\(filesystem volmode\)\] multiVolume .* with the same volume mode .* on the same node/,
];

/** Whether a spec belongs to the short run. What the suite leaves out takes a few seconds, and is soon something else. */
export function isInShortRun(spec: SpecName): boolean {
  const place = placeOf(spec);
  return (
    place === UNSUPPORTED ||
    ([GROWTH, PODS, MULTIPLE].some((one) => one === place) && SHORT.some((pattern) => pattern.test(spec)))
  );
}
