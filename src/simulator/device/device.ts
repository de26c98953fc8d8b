import { randomUUID } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportedDisk } from '../attach/export-target.ts';
import type { Menus } from '../console/menu.ts';
import type { Receiver } from '../ssh/receive-exec.ts';
import type { Accounts } from './accounts.ts';
import { type DeviceBehavior, STRICT_BEHAVIOR } from './behavior.ts';
import { BlockAccess } from './blocks.ts';
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
import { Rds } from './rds.ts';
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

/** The simulated device without its network: menus, state and blocks. */
export class Device {
  readonly menus: Menus;
  readonly blocks: BlockAccess;
  readonly #rds: Rds;
  readonly #lock: StateLock;
  #network: Network | undefined;
  #closed = false;

  private constructor(rds: Rds, lock: StateLock) {
    this.#rds = rds;
    this.#lock = lock;
    this.blocks = new BlockAccess(rds);
    const { target } = rds.options;
    if (target !== undefined) rds.afterChange = () => target.sync(exportedDisks(rds));
    this.menus = menusOf(rds);
  }

  /**
   * Starts the device from its state directory, or makes a new one there.
   *
   * @param behavior Asked each time, so that it may change while the device runs.
   * @throws Error when the options are wrong, another simulator uses the directory, or the state is damaged.
   */
  static async open(options: DeviceOptions, behavior: () => DeviceBehavior = () => STRICT_BEHAVIOR): Promise<Device> {
    checkPools(options.pools, options.backend);
    await mkdir(options.stateDir, { recursive: true, mode: 0o700 });
    const directory = await realpath(options.stateDir);
    const lock = await StateLock.acquire(directory);
    let state: State | undefined;
    try {
      state = await State.open(join(directory, 'journal.jsonl'));
      const rds = new Rds(options, state, await openStore(options, directory), new UsageTable(), behavior);
      await refuseLostPools(rds);
      for (const pool of options.pools) await openPool(rds, pool);
      await rds.transfers.wake();
      const device = new Device(rds, lock);
      await rds.afterChange();
      return device;
    } catch (error) {
      state?.close();
      await lock.release();
      throw error;
    }
  }

  get identity(): string {
    return identityOf(this.#rds);
  }

  /** As in `/system/resource`, e.g. `7.24.1 (stable)`. */
  get version(): string {
    return versionOf(this.#rds);
  }

  /** Name of the disk backend, e.g. `files`. */
  get backend(): string {
    return this.#rds.store.backend;
  }

  pools(): PoolReport[] {
    const rds = this.#rds;
    const inUse = new Set<string>();
    for (const disk of rds.state.table('disk').values()) {
      const location = rds.home(disk.filePath);
      if (location !== undefined) inUse.add(pathKey(location.pool, location.path));
    }
    return rds.options.pools.map(({ label, mountPoint }) => {
      const { size, free } = rds.space(label);
      const subvolumes = [...rds.state.table('subvolume').values()].filter((subvolume) => subvolume.pool === label);
      const strays = [...rds.state.table('file')]
        .filter(([key, file]) => file.pool === label && !inUse.has(key) && !rds.subvolumeOf(file).readOnly)
        .map(([, file]) => file.path);
      return {
        label,
        mountPoint,
        size,
        free,
        used: size - free,
        uuid: rds.state.table('pool').get(label)?.uuid ?? '',
        subvolumes: subvolumes.map(({ fullname }) => fullname).filter((fullname) => fullname !== ''),
        strayFiles: strays,
      };
    });
  }

  /** Who may log in, and what for. */
  get accounts(): Accounts {
    return this.#rds.accounts;
  }

  /** What is wrong with the pools, for setting it. */
  get conditions(): PoolConditions {
    return this.#rds.conditions;
  }

  /** Sends a subvolume to another pool, or to another place of its own, as tests need it: see {@link receive}. */
  receive(transfer: Transfer): Promise<string> {
    return receive(this.#rds, transfer);
  }

  /** From now on the device can reach others. */
  async connect(network: Network): Promise<void> {
    this.#network = network;
    this.#rds.transfers.connect(network);
    await this.#rds.transfers.resume();
  }

  /** What receives what another RDS sends. */
  readonly receiver: Receiver = {
    begin: (request, execution) => {
      if (this.#network === undefined) throw new Error('the device is not connected');
      return Reception.begin(this.#rds, request as ReceiveRequest, execution, this.#network.hooks);
    },
    wordsOf: statusOf,
  };

  /** Ends all transfers, and forgets what the device keeps in memory only: its log and its uptime. */
  async restart(): Promise<void> {
    await this.#rds.restart();
  }

  /** What the device does by itself once it has started again. */
  async resume(): Promise<void> {
    await this.#rds.transfers.resume();
  }

  /** Waits for what is running, then lets go of the state directory. */
  async close(): Promise<void> {
    // Once only: by a second time the directory may belong to another simulator.
    if (this.#closed) return;
    this.#closed = true;
    await this.#rds.transfers.stop();
    await this.#rds.changes.run(async () => {
      this.#rds.afterChange = async () => undefined;
      await this.#rds.options.target?.close();
      this.#rds.state.close();
    });
    await this.#lock.release();
  }
}

/** What is exported now, with the files behind it. */
function exportedDisks(rds: Rds): ExportedDisk[] {
  return [...rds.state.table('disk').values()].flatMap((disk) => {
    const image = disk.exported ? rds.imageOf(disk) : undefined;
    if (image === undefined || disk.nqn === undefined) return [];
    return {
      nqn: disk.nqn,
      size: image.length,
      file: rds.store.hostPath(image.pool, image.path),
      readOnly: disk.mountReadOnly || rds.subvolumeOf(image).readOnly,
      allowHostName: disk.allowHostName ?? '',
    };
  });
}

function menusOf(rds: Rds): Menus {
  const all: DeviceMenu[] = [
    diskMenu(rds),
    filesystemMenu(rds),
    subvolumeMenu(rds),
    transferMenu(rds),
    fileMenu(rds),
    ...systemMenus(rds),
    logMenu(rds),
    ...userMenus(rds),
    ...keyMenus(rds),
  ];
  const byPath = new Map(all.map((menu) => [menu.path, menu]));
  return { find: (path) => byPath.get(path), paths: () => [...byPath.keys()], unsimulated: () => UNSIMULATED };
}

async function refuseLostPools(rds: Rds): Promise<void> {
  for (const label of rds.state.table('pool').keys()) {
    if (rds.pool(label) === undefined) {
      throw new Error(`the state directory has a pool ${label}, which the options leave out`);
    }
  }
}

async function openPool(rds: Rds, options: PoolOptions): Promise<void> {
  const { label, uuid } = options;
  const known = rds.state.table('pool').get(label);
  if (known !== undefined && uuid !== undefined && known.uuid !== uuid) {
    throw new Error(`the pool ${label} in the state directory has the uuid ${known.uuid}, not ${uuid}`);
  }
  await rds.store.ensurePool(label);
  if (known === undefined) await recordPool(rds, label, uuid ?? randomUUID());
  await settleAll(rds, label);
  await reconcile(label, rds.state, rds.store, rds.usage);
}

async function recordPool(rds: Rds, label: string, uuid: string): Promise<void> {
  const pool = {
    label,
    uuid,
    slot: `nvme${rds.state.next('drive')}`,
    diskId: rds.state.nextId('disk'),
    filesystemId: rds.state.nextId('filesystem'),
    fileId: rds.state.nextId('file'),
  };
  const root = {
    id: rds.state.nextId('subvolume'),
    fileId: pool.fileId,
    pool: label,
    fullname: '',
    subvolumeId: ROOT_SUBVOLUME_ID,
    uuid: randomUUID(),
    sourceUuid: '',
    readOnly: false,
    created: rds.timestamp(),
    generation: rds.state.next(`generation ${label}`),
  };
  rds.state.commit(
    { put: 'pool', key: label, record: pool },
    { put: 'subvolume', key: pathKey(label, ''), record: root },
  );
}
