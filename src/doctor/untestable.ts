/** What cannot be determined over SSH, and what to do instead. */
export interface Untestable {
  readonly unknown?: string;
  readonly title: string;
  readonly do: string;
}

/** Printed below the findings; the procedures are in docs/routeros.md, 14. */
export const UNTESTABLE: readonly Untestable[] = [
  {
    unknown: 'U13',
    title: 'whether a snapshot holds all that was flushed',
    do: 'On a node, write numbered records with O_DIRECT into a volume and flush each; take a snapshot meanwhile; restore it: every record that was flushed before must be there.',
  },
  {
    unknown: 'U14',
    title: 'what a node sees of growth, and of an export that ends',
    do: 'With a volume mounted, expand its claim and compare /sys/block/nvme*n1/size; then unpublish a scratch volume by hand and look at dmesg.',
  },
  {
    unknown: 'U17',
    title: 'whether exports return after a reboot',
    do: 'With a volume in use that you can spare, reboot the RDS; its pod must go on. Then `/disk print` must show the item, exported, with the same NQN.',
  },
  {
    unknown: 'U20',
    title: 'what the allow-list matches',
    do: 'Leave allowHostName off. To try it: set one host NQN on a scratch item and connect with `nvme connect --hostnqn`, once with that name and once with another.',
  },
  {
    unknown: 'U23',
    title: 'whether the namespace keeps its UUID',
    do: 'Compare /sys/block/nvme*n1/uuid on a node before and after an unpublish and publish, and before and after a reboot of the RDS. The driver does not rely on it.',
  },
  {
    title: 'the data path',
    do: 'On a node: `nvme discover -t tcp -a ADDRESS -s 4420` lists the exports. Then restore a claim with data from a VolumeSnapshot and compare checksums.',
  },
];
