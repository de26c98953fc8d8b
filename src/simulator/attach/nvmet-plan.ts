import type { ExportedDisk } from './export-target.ts';

/** What must be done to the kernel's target, in this order. */
export type Step =
  | { readonly do: 'withdraw'; readonly nqn: string }
  | { readonly do: 'offer'; readonly disk: ExportedDisk }
  | { readonly do: 'resize'; readonly disk: ExportedDisk };

/**
 * The steps from what is offered to what shall be. An export whose file or allowed host is another one is withdrawn first:
 * the kernel changes neither under a connected host.
 */
export function plan(offered: ReadonlyMap<string, ExportedDisk>, wanted: readonly ExportedDisk[]): Step[] {
  const wantedByNqn = new Map(wanted.map((disk) => [disk.nqn, disk]));
  const steps: Step[] = [];
  for (const [nqn, disk] of offered) {
    const next = wantedByNqn.get(nqn);
    if (next === undefined || !isSameExport(disk, next)) steps.push({ do: 'withdraw', nqn });
  }
  for (const disk of wanted) {
    const before = offered.get(disk.nqn);
    if (before === undefined || !isSameExport(before, disk)) steps.push({ do: 'offer', disk });
    else if (before.size !== disk.size) steps.push({ do: 'resize', disk });
  }
  return steps;
}

function isSameExport(one: ExportedDisk, other: ExportedDisk): boolean {
  return one.file === other.file && one.readOnly === other.readOnly && one.allowHostName === other.allowHostName;
}
