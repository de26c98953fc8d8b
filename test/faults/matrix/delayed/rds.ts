import { look, subvolumes } from '../../../support/console.ts';
import type { Stack } from '../../../support/stack.ts';
import { slotOf } from '../scenarios.ts';

/** What is on the RDS, read without the driver. */

type Simulator = Stack['simulator'];

/** The disk item of a volume. */
export interface RdsItem {
  readonly comment: string;
  readonly exported: boolean;
}

/** The disk item of a volume; undefined when there is none. */
export async function itemOf(simulator: Simulator, volumeId: string): Promise<RdsItem | undefined> {
  const item = `[/disk get [find where slot=${slotOf(volumeId)}]]`;
  const line = `:if ([:len [/disk find where slot=${slotOf(volumeId)}]]>0) do={:put [:serialize to=json value=${item}]}`;
  const output = await look(simulator, line);
  if (output === '') return undefined;
  const row = JSON.parse(output) as Readonly<Record<string, unknown>>;
  return { comment: String(row['comment'] ?? ''), exported: row['nvme-tcp-export'] === true };
}

/** Ids of the nodes that an item names, in whatever words stand around them. */
export function recordedNodes(item: RdsItem | undefined): string[] {
  const ids = item?.comment.matchAll(/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):[wrs]:/g) ?? [];
  return [...ids].map(([, hostId]) => `nqn.2014-08.org.nvmexpress:uuid:${hostId}`);
}

/** Names of the subvolumes that are there for an id. */
export function namesThere(simulator: Simulator, id: string): string[] {
  const prefix = `${id.slice(id.indexOf(':') + 1)}-`;
  return subvolumes(simulator).filter((name) => name.startsWith(prefix));
}
