import { randomUUID } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportedDisk } from '../attach/export-target.ts';
import type { Menus } from '../console/menu.ts';
import type { Receiver } from '../ssh/receive-exec.ts';
import type { Accounts } from './accounts.ts';
import { BlockAccess } from './blocks.ts';
import { Box } from './box.ts';
import { type DeviceManner, STRICT_MANNER } from './manner.ts';
import type { DeviceMenu } from './menus/define-menu.ts';
import { diskMenu } from './menus/disk-menu.ts';
import { fileMenu } from './menus/file-menu.ts';
import { filesystemMenu } from './menus/filesystem-menu.ts';
import { keyMenus } from './menus/key-menus.ts';
import { logMenu } from './menus/log-menu.ts';
import { subvolumeMenu } from './menus/subvolume-menu.ts';
import { identityOf, systemMenus, versionOf } from './menus/system-menus.ts';
import { transferMenu } from './menus/transfer-menu.ts';
import { userMenus } from './menus/user-menus.ts';
import { openStore } from './open-store.ts';
import { checkPools, type DeviceOptions, type PoolOptions } from './options.ts';
import type { PoolConditions } from './pool-conditions.ts';
import { receive, type Transfer } from './receive.ts';
import { pathKey } from './records.ts';
import { reconcile } from './recovery.ts';
import { UNSIMULATED } from './schema.ts';
import { State } from './state.ts';
import { StateLock } from './state-lock.ts';
import type { Network, ReceiveRequest } from './transfer/link.ts';
import { Reception } from './transfer/reception.ts';
import { settleAll } from './transfer/settle.ts';
import { statusOf } from './transfer/words.ts';
import { UsageTable } from './usage.ts';

const ROOT_SUBVOLUME_ID = 5;

/** A pool as it is now, with all that is in it, so that a test can look for what was left behind. */
export interface PoolReport {
  readonly label: string;
  readonly uuid: string;
  readonly mountPoint: string;
  /** Bytes. */
  readonly size: number;
  readonly free: number;
  readonly used: number;
  /** Full names, in the order of creation. */
  readonly subvolumes: readonly string[];
  /** Paths of plain files and directories that no `/disk` item uses and no read-only subvolume holds. */
  readonly strayFiles: readonly string[];
}

/** The simulated box without its network: menus, state and blocks. */
export class Device {
  readonly menus: Menus;
  readonly blocks: BlockAccess;
  readonly #box: Box;
  readonly #lock: StateLock;
  #network: Network | undefined;
  #closed = false;

  private constructor(box: Box, lock: StateLock) {
    this.#box = box;
    this.#lock = lock;
    this.blocks = new BlockAccess(box);
    const { target } = box.options;
    if (target !== undefined) box.afterChange = () => target.sync(exportedDisks(box));
    this.menus = menusOf(box);
  }

  /**
   * Starts the box from its state directory, or makes a new one there.
   *
   * @param manner Asked each time, so that it may change while the box runs.
   * @throws Error when the options are wrong, another simulator uses the directory, or the state is damaged.
   */
  static async open(options: DeviceOptions, manner: () => DeviceManner = () => STRICT_MANNER): Promise<Device> {
    checkPools(options.pools, options.backend);
    await mkdir(options.stateDir, { recursive: true, mode: 0o700 });
    const directory = await realpath(options.stateDir);
    const lock = await StateLock.acquire(directory);
    let state: State | undefined;
    try {
      state = await State.open(join(directory, 'journal.jsonl'));
      const box = new Box(options, state, await openStore(options, directory), new UsageTable(), manner);
      await refuseLostPools(box);
      for (const pool of options.pools) await openPool(box, pool);
      await box.transfers.wake();
      const device = new Device(box, lock);
      await box.afterChange();
      return device;
    } catch (error) {
      state?.close();
      await lock.release();
      throw error;
    }
  }

  get identity(): string {
    return identityOf(this.#box);
  }

  /** As in `/system/resource`, e.g. `7.24.1 (stable)`. */
  get version(): string {
    return versionOf(this.#box);
  }

  /** Name of the disk backend, e.g. `files`. */
  get backend(): string {
    return this.#box.store.backend;
  }

  pools(): PoolReport[] {
    const box = this.#box;
    const inUse = new Set<string>();
    for (const disk of box.state.table('disk').values()) {
      const location = box.home(disk.filePath);
      if (location !== undefined) inUse.add(pathKey(location.pool, location.path));
    }
    return box.options.pools.map(({ label, mountPoint }) => {
      const { size, free } = box.space(label);
      const subvolumes = [...box.state.table('subvolume').values()].filter((subvolume) => subvolume.pool === label);
      const strays = [...box.state.table('file')]
        .filter(([key, file]) => file.pool === label && !inUse.has(key) && !box.subvolumeOf(file).readOnly)
        .map(([, file]) => file.path);
      return {
        ...{ label, mountPoint, size, free, used: size - free },
        uuid: box.state.table('pool').get(label)?.uuid ?? '',
        subvolumes: subvolumes.map(({ fullname }) => fullname).filter((fullname) => fullname !== ''),
        strayFiles: strays,
      };
    });
  }

  /** Who may log in, and what for. */
  get accounts(): Accounts {
    return this.#box.accounts;
  }

  /** What is wrong with the pools, for setting it. */
  get conditions(): PoolConditions {
    return this.#box.conditions;
  }

  /** Sends a subvolume to another pool, or to another place of its own, as tests need it: see {@link receive}. */
  receive(transfer: Transfer): Promise<string> {
    return receive(this.#box, transfer);
  }

  /** From now on the box can reach others. */
  async connect(network: Network): Promise<void> {
    this.#network = network;
    this.#box.transfers.connect(network);
    await this.#box.transfers.resume();
  }

  /** What receives what another RDS sends. */
  readonly receiver: Receiver = {
    begin: (request, execution) => {
      if (this.#network === undefined) throw new Error('the device is not connected');
      return Reception.begin(this.#box, request as ReceiveRequest, execution, this.#network.hooks);
    },
    wordsOf: statusOf,
  };

  /** Ends all transfers, and forgets what the box keeps in memory only: its log and its uptime. */
  async restart(): Promise<void> {
    await this.#box.restart();
  }

  /** What the box does by itself once it has started anew. */
  async resume(): Promise<void> {
    await this.#box.transfers.resume();
  }

  /** Waits for what is running, then lets go of the state directory. */
  async close(): Promise<void> {
    // Once only: by a second time the directory may belong to another simulator.
    if (this.#closed) return;
    this.#closed = true;
    await this.#box.transfers.stop();
    await this.#box.changes.run(async () => {
      this.#box.afterChange = async () => undefined;
      await this.#box.options.target?.close();
      this.#box.state.close();
    });
    await this.#lock.release();
  }
}

/** What is exported now, with the files behind it. */
function exportedDisks(box: Box): ExportedDisk[] {
  return [...box.state.table('disk').values()].flatMap((disk) => {
    const image = disk.exported ? box.imageOf(disk) : undefined;
    if (image === undefined || disk.nqn === undefined) return [];
    return {
      ...{ nqn: disk.nqn, size: image.length, file: box.store.hostPath(image.pool, image.path) },
      readOnly: disk.mountReadOnly || box.subvolumeOf(image).readOnly,
      allowHostName: disk.allowHostName ?? '',
    };
  });
}

function menusOf(box: Box): Menus {
  const all: DeviceMenu[] = [
    diskMenu(box),
    filesystemMenu(box),
    subvolumeMenu(box),
    transferMenu(box),
    fileMenu(box),
    ...systemMenus(box),
    logMenu(box),
    ...userMenus(box),
    ...keyMenus(box),
  ];
  const byPath = new Map(all.map((menu) => [menu.path, menu]));
  return { find: (path) => byPath.get(path), paths: () => [...byPath.keys()], unsimulated: () => UNSIMULATED };
}

async function refuseLostPools(box: Box): Promise<void> {
  for (const label of box.state.table('pool').keys()) {
    if (box.pool(label) === undefined) {
      throw new Error(`the state directory has a pool ${label}, which the options leave out`);
    }
  }
}

async function openPool(box: Box, options: PoolOptions): Promise<void> {
  const { label, uuid } = options;
  const known = box.state.table('pool').get(label);
  if (known !== undefined && uuid !== undefined && known.uuid !== uuid) {
    throw new Error(`the pool ${label} in the state directory has the uuid ${known.uuid}, not ${uuid}`);
  }
  await box.store.ensurePool(label);
  if (known === undefined) await recordPool(box, label, uuid ?? randomUUID());
  await settleAll(box, label);
  await reconcile(label, box.state, box.store, box.usage);
}

async function recordPool(box: Box, label: string, uuid: string): Promise<void> {
  const pool = {
    ...{ label, uuid, slot: `nvme${box.state.next('drive')}` },
    ...{ diskId: box.state.nextId('disk'), filesystemId: box.state.nextId('filesystem') },
    fileId: box.state.nextId('file'),
  };
  const root = {
    ...{ id: box.state.nextId('subvolume'), fileId: pool.fileId, pool: label, fullname: '' },
    ...{ subvolumeId: ROOT_SUBVOLUME_ID, uuid: randomUUID(), sourceUuid: '', readOnly: false },
    ...{ created: box.timestamp(), generation: box.state.next(`generation ${label}`) },
  };
  box.state.commit(
    { put: 'pool', key: label, record: pool },
    { put: 'subvolume', key: pathKey(label, ''), record: root },
  );
}
