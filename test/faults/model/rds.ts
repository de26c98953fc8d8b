import assert from 'node:assert/strict';
import type { Simulator } from '../../../src/simulator/simulate.ts';
import { node } from '../../support/calls.ts';
import { change, look } from '../../support/console.ts';
import type { Arena } from './arena.ts';
import type { NodeNumber } from './commands.ts';
import { type Image, MiB, readImage } from './images.ts';
import { objectOf, slotOf } from './names.ts';

/** The disk item of a volume. */
interface SeenDisk {
  /** As the RDS prints it; undefined where it shows no size. */
  readonly bytes: number | undefined;
  readonly mib: number;
  readonly exported: boolean;
  /** Nodes that its comment records; a number that is no node of ours is -1. */
  readonly nodes: readonly (NodeNumber | -1)[];
}

/** What the name of a volume's subvolume says that it was asked for (docs/decisions/0002-names-and-ids.md). */
interface Asked {
  readonly mib: number;
  readonly source: string | undefined;
}

/** What is there of one object. */
export interface Seen {
  /** Names of its subvolumes, the first made first: one, unless a race left more. */
  readonly rows: readonly string[];
  /** Of the first row of a volume. */
  readonly asked: Asked | undefined;
  /** The volume that the name of a snapshot's first row says it was taken from. */
  readonly takenFrom: string | undefined;
  readonly disk: SeenDisk | undefined;
  readonly image: Image | undefined;
}

/** The RDS as someone at its console would see it. */
export interface RdsView {
  /** By object, e.g. `v3`. */
  readonly objects: ReadonlyMap<string, Seen>;
  /** Subvolumes and disk items that are neither of this run nor of a neighbour. */
  readonly strangers: readonly string[];
}

interface DiskRow {
  readonly slot: string;
  readonly size?: number;
  readonly comment?: string;
  readonly 'nvme-tcp-export': boolean;
}

/** What others keep on the RDS: a user's share, and a volume and a snapshot of another cluster. */
const THEIR_VOLUME = 'pvc-0badc0de-0000-4000-8000-000000000000';
const THEIR_SNAPSHOT = 'snap-0badc0de-0000-4000-8000-000000000001';
const NEIGHBOURS = [
  'Documents',
  `${THEIR_VOLUME}-deadbeef-n00000000-0000-0000-0000-000000000000-1048576`,
  `${THEIR_SNAPSHOT}-deadbeef-${THEIR_VOLUME.slice(4)}-1700000000-1048576`,
];
const THEIR_SLOTS = ['documents', `${THEIR_VOLUME.replaceAll('-', '').replace('pvc', 'pvc-').slice(0, 32)}`];

const DISKS = `:put [:serialize to=json options=json.no-string-conversion
  value=[/disk print detail as-value proplist=slot,size,comment,nvme-tcp-export where type=file]]`.replaceAll(
  /\n\s*/g,
  ' ',
);

/** Puts the neighbours on the RDS. */
export async function settleNeighbours({ simulator }: Arena): Promise<void> {
  const [share = '', volume = '', snapshot = ''] = NEIGHBOURS;
  for (const [index, name] of [share, volume].entries()) {
    await change(simulator, `/disk/btrfs/subvolume add fs=pool name=${name}`);
    const nqn = `nqn.2026-11.neighbour:${index}`;
    await change(
      simulator,
      `/disk add type=file slot=${THEIR_SLOTS[index]} file-path="/pool/${name}/volume.img" file-size=1M mount-filesystem=no ` +
        `nvme-tcp-server-nqn=${nqn} nvme-tcp-export=yes comment="do not touch"`,
    );
    await simulator.device.blocks.write(nqn, 0, Buffer.alloc(4096, `neighbour ${index}`));
  }
  await change(simulator, `/disk/btrfs/subvolume add fs=pool parent=${volume} read-only=yes name=${snapshot}`);
}

/** Everything about the neighbours, for comparing with an earlier one. */
export async function neighbours(arena: Arena): Promise<string> {
  const rows = (await disks(arena.simulator)).filter(({ slot }) => THEIR_SLOTS.includes(slot));
  const subvolumes = listed(arena.simulator).filter((name) => NEIGHBOURS.includes(name));
  const images = subvolumes.map((name) => [...(readImage(arena.imageOf(name), true)?.content ?? [])]);
  return JSON.stringify({ rows, subvolumes, images });
}

/**
 * Looks at the RDS.
 *
 * @param whole Whether images are read from end to end, or only where commands write.
 */
export async function lookAt(arena: Arena, run: number, whole = false): Promise<RdsView> {
  const rows = new Map<string, string[]>();
  const strangers: string[] = [];
  for (const name of listed(arena.simulator).filter((one) => !NEIGHBOURS.includes(one))) {
    const object = objectOf(run, `rds1:${idOf(name)}`);
    if (object.includes(':')) strangers.push(name);
    else rows.set(object, [...(rows.get(object) ?? []), name]);
  }
  const items = (await disks(arena.simulator)).filter(({ slot }) => !THEIR_SLOTS.includes(slot));
  const bySlot = new Map(items.map((item) => [item.slot, item]));
  const objects = new Map<string, Seen>();
  for (let number = 0; number < 100; number += 1) {
    for (const object of [`v${number}`, `s${number}`]) {
      const slot = slotOf(run, object);
      const item = object.startsWith('v') ? bySlot.get(slot) : undefined;
      const [first, ...others] = rows.get(object) ?? [];
      if (first === undefined && item === undefined) continue;
      if (item !== undefined) bySlot.delete(slot);
      objects.set(object, {
        rows: first === undefined ? [] : [first, ...others],
        asked: first === undefined ? undefined : askedIn(first, run),
        takenFrom: first === undefined ? undefined : takenFromIn(first, run),
        disk: item && diskOf(item),
        image: first === undefined ? undefined : readImage(arena.imageOf(first), whole),
      });
    }
  }
  return { objects, strangers: [...strangers, ...bySlot.keys()] };
}

/** What there is of some objects, as text. */
export function printView({ objects }: RdsView, some: readonly string[]): string {
  return some
    .flatMap((object) => {
      const seen = objects.get(object);
      if (seen === undefined) return [];
      const { rows, disk, image } = seen;
      const item = disk && `${disk.bytes} bytes, ${disk.exported ? '' : 'not '}exported, nodes [${disk.nodes}]`;
      return `${object}: ${rows.join(' and ')}; disk item: ${item}; image: ${image?.mib} MiB`;
    })
    .join('\n');
}

/** Takes everything but the neighbours off the RDS, after a run that went wrong. */
export async function clearRds({ simulator }: Arena): Promise<void> {
  const foreign = (await disks(simulator)).map(({ slot }) => slot).filter((slot) => !THEIR_SLOTS.includes(slot));
  for (const slot of foreign) {
    await change(simulator, `/disk set [find where slot=${slot}] nvme-tcp-export=no`);
    await change(simulator, `/disk remove [find where slot=${slot}]`);
  }
  for (const name of listed(simulator).filter((one) => !NEIGHBOURS.includes(one))) {
    await change(simulator, `/disk/btrfs/subvolume remove [find where name=${name}]`);
  }
}

/** Asserts that nothing but the neighbours is on the RDS, files that no one uses included. */
export async function assertEmpty({ simulator }: Arena): Promise<void> {
  const left = listed(simulator).filter((name) => !NEIGHBOURS.includes(name));
  const slots = (await disks(simulator)).map(({ slot }) => slot).filter((slot) => !THEIR_SLOTS.includes(slot));
  const strays = simulator.device.pools().flatMap((pool) => pool.strayFiles);
  assert.deepEqual([...left, ...slots, ...strays], [], 'left on the RDS when everything was deleted');
}

function listed(simulator: Simulator): string[] {
  return simulator.device.pools().flatMap(({ subvolumes }) => subvolumes);
}

async function disks(simulator: Simulator): Promise<DiskRow[]> {
  return JSON.parse(await look(simulator, DISKS)) as DiskRow[];
}

/** `pvc-<uuid>` or `snap-<uuid>` at the beginning of a subvolume's name. */
function idOf(name: string): string {
  return /^(pvc|snap)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(name)?.[0] ?? name;
}

const VOLUME_NAME = /^pvc-.{36}-[0-9a-f]{8}-([nsv])(.{36})-([0-9]+)$/;

function askedIn(name: string, run: number): Asked | undefined {
  const [, kind, uuid, bytes] = VOLUME_NAME.exec(name) ?? [];
  if (kind === undefined) return undefined;
  const source = kind === 'n' ? undefined : objectOf(run, `rds1:${kind === 's' ? 'snap' : 'pvc'}-${uuid}`);
  return { mib: Number(bytes) / MiB, source };
}

const SNAPSHOT_NAME = /^snap-.{36}-[0-9a-f]{8}-(.{36})-[0-9]{10}-[0-9]+$/;

function takenFromIn(name: string, run: number): string | undefined {
  const [, uuid] = SNAPSHOT_NAME.exec(name) ?? [];
  return uuid === undefined ? undefined : objectOf(run, `rds1:pvc-${uuid}`);
}

function diskOf({ size, comment = '', 'nvme-tcp-export': exported }: DiskRow): SeenDisk {
  const machine = /^rose:2 [0-9a-f]{8} ([^|]*)\|/.exec(comment)?.[1] ?? '?:';
  const hosts = machine.split(' ').filter((entry) => entry !== '');
  const nodes = hosts.map(
    (entry) => ([0, 1] as const).find((number) => node(number + 1).endsWith(entry.split(':')[0] ?? '')) ?? -1,
  );
  return { bytes: size, mib: (size ?? 0) / MiB, exported, nodes };
}
