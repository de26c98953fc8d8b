import { Execution } from '../../console/execution.ts';
import { failure } from '../failures.ts';
import type { Rds } from '../rds.ts';
import { pathKey, type SubvolumeRecord, type TransferRecord } from '../records.ts';
import type { Link, Network } from './link.ts';
import { send, sourcesOf } from './send.ts';
import { STATUS, statusOf } from './words.ts';

/** A row of `type=send` at work. */
interface Sending {
  readonly execution: Execution;
  /** Ids of the subvolume that is sent, and of its parent. */
  readonly sources: readonly (string | undefined)[];
  bytes: number;
  /** Why it was ended from outside. */
  reason?: string;
  /** Resolves when nothing is read or sent any more. */
  over: Promise<void>;
  /** Resolves when its row says so, too. */
  settled: Promise<void>;
}

/** The transfers that are under way. They are no scripts: they go on when the connection ends that asked for them. */
export class Transfers {
  readonly #rds: Rds;
  #network: Network | undefined;
  /** By id of the row. */
  readonly #sending = new Map<string, Sending>();
  readonly #received = new Map<string, number>();

  constructor(rds: Rds) {
    this.#rds = rds;
  }

  /** From now on the device reaches others. */
  connect(network: Network): void {
    this.#network = network;
  }

  /** Whether a row is at work now. */
  isRunning(id: string): boolean {
    return this.#sending.has(id) || this.#received.has(id);
  }

  /** What a row has moved so far, in bytes. */
  bytesOf({ id, bytes }: TransferRecord): number {
    return this.#sending.get(id)?.bytes ?? this.#received.get(id) ?? bytes;
  }

  /** Begins what a row of `type=send` is for. */
  start(transfer: TransferRecord): void {
    const { source, parent } = sourcesOf(this.#rds, transfer);
    let link: Link | undefined;
    const line = `/disk/btrfs/transfer send ${transfer.subvolume}`;
    const execution = new Execution(line, () => link?.close(), this.#rds.clock, transfer.owner);
    const over = Promise.resolve();
    const sending: Sending = { execution, sources: [source?.id, parent?.id], bytes: 0, over, settled: over };
    this.#sending.set(transfer.id, sending);
    const sent = this.#send(transfer, sending, (opened) => {
      link = opened;
    });
    sending.over = sent.then(
      () => undefined,
      () => undefined,
    );
    sending.settled = sent.then(
      () => this.#tell(transfer, sending, STATUS.done),
      (error: unknown) => this.#tell(transfer, sending, sending.reason ?? statusOf(error)),
    );
  }

  async #send(transfer: TransferRecord, sending: Sending, opened: (link: Link) => void): Promise<void> {
    if (this.#network === undefined) throw failure('no route to host');
    const count = (bytes: number) => {
      sending.bytes += bytes;
    };
    await send(this.#rds, this.#network, transfer, sending.execution, { count, opened });
  }

  async #tell(transfer: TransferRecord, sending: Sending, status: string): Promise<void> {
    const { state, changes } = this.#rds;
    await changes.run(async () => {
      const { source } = sourcesOf(this.#rds, transfer);
      if (status === STATUS.done && source !== undefined && source.id === sending.sources[0]) {
        const record = { ...source, sentAt: this.#rds.timestamp() };
        state.commit({ put: 'subvolume', key: pathKey(source.pool, source.fullname), record });
      }
      this.#sending.delete(transfer.id);
      this.#put(transfer.id, sending.bytes, status);
    });
  }

  /** Notes what a row of `type=receive` has got so far, in bytes. */
  received(id: string, bytes: number): void {
    // Whatever it said of the transfer before is over, also when this one never ends.
    if (!this.#received.has(id)) this.#put(id, 0, STATUS.running);
    this.#received.set(id, bytes);
  }

  /** Notes how a row of `type=receive` came out. */
  ended(id: string, bytes: number, status: string): void {
    this.#received.delete(id);
    this.#put(id, bytes, status);
  }

  /** Nothing where the row was removed meanwhile. */
  #put(id: string, bytes: number, status: string): void {
    const transfer = this.#rds.state.table('transfer').get(id);
    if (transfer === undefined) return;
    this.#rds.state.commit({ put: 'transfer', key: id, record: { ...transfer, bytes, status } });
  }

  /** Whether a subvolume is being sent, or is the parent of what is. */
  isSource({ id }: SubvolumeRecord): boolean {
    return [...this.#sending.values()].some(({ sources }) => sources.includes(id));
  }

  /** Ends all that read from a subvolume, and waits until they do no more. */
  async endReaders({ id }: SubvolumeRecord): Promise<void> {
    const readers = [...this.#sending.values()].filter(({ sources }) => sources.includes(id));
    for (const reader of readers) {
      reader.reason = 'No such file or directory';
      reader.execution.kill();
    }
    await Promise.all(readers.map(({ over }) => over));
  }

  /** Ends what a row is doing; it stays. */
  cancel(id: string): void {
    this.#sending.get(id)?.execution.kill();
  }

  /** Ends everything that is being sent, and waits until the rows say so. */
  async stop(): Promise<void> {
    const all = [...this.#sending.values()];
    for (const { execution } of all) execution.kill();
    await Promise.all(all.map(({ settled }) => settled));
  }

  /** What a start of the device makes of the rows (U36): nothing is under way. */
  async wake(): Promise<void> {
    const { state, changes, behavior } = this.#rds;
    await changes.run(async () => {
      for (const [key, transfer] of state.table('transfer')) {
        if (behavior.rowsAtRestart === 'lost') state.commit({ remove: 'transfer', key });
        else if (transfer.status === STATUS.running) this.#put(key, transfer.bytes, STATUS.interrupted);
      }
    });
  }

  /** Runs all rows of `type=send` again where a device does that after a start (U36). */
  async resume(): Promise<void> {
    if (this.#rds.behavior.rowsAtRestart !== 'run-again') return;
    await this.#rds.changes.run(async () => {
      for (const [key, transfer] of this.#rds.state.table('transfer')) {
        if (transfer.type !== 'send' || this.#sending.has(key)) continue;
        this.#put(key, 0, STATUS.running);
        this.start(transfer);
      }
    });
  }
}
