import type { InventorySnapshot, InventoryVolume } from '../storage/inventory.ts';

export type Origin = InventoryVolume['name']['origin'];

/** The owner of everything that does not name another. */
export const OWNER = 'aaaaaaaa';

/** A uuid that ends with the number. */
export function uuid(number: number): string {
  return `00000000-0000-4000-8000-${number.toString().padStart(12, '0')}`;
}

/** Where a volume came from. */
export function from(kind: 'snapshot' | 'volume', number: number): Origin {
  return { kind, uuid: uuid(number) };
}

/** A volume of 1 GiB on the RDS rds1. */
export function volume(
  number: number,
  origin: Origin = { kind: 'new' },
  facts: Partial<InventoryVolume> = {},
): InventoryVolume {
  return {
    id: `rds1:pvc-${uuid(number)}`,
    backend: 'rds1',
    pool: 'pool',
    subvolume: 'x',
    slot: 'x',
    sizeBytes: 2n ** 30n,
    publishedNodeIds: [],
    exported: false,
    state: 'whole',
    duplicates: [],
    conditions: [],
    name: { uuid: uuid(number), owner: OWNER, origin, requestedBytes: 2n ** 30n },
    ...facts,
  };
}

/** A snapshot of 1 GiB on the RDS rds1. */
export function snapshot(
  number: number,
  source: number,
  createdAtSeconds = 1_790_000_000n,
  facts: Partial<InventorySnapshot> = {},
): InventorySnapshot {
  return {
    id: `rds1:snap-${uuid(number)}`,
    backend: 'rds1',
    pool: 'pool',
    subvolume: 'x',
    duplicates: [],
    name: { uuid: uuid(number), owner: OWNER, sourceUuid: uuid(source), createdAtSeconds, bytes: 2n ** 30n },
    ...facts,
  };
}
