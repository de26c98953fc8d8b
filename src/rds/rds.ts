import {
  type Call,
  type Clock,
  type JsonRow,
  NotSent,
  type RouterOs,
  RouterOsError,
  type RouterOsState,
  systemClock,
} from '../routeros/index.ts';
import { isRefusal, RdsError, type RdsErrorCode } from './errors.ts';
import { LostWrites } from './lost-writes.ts';
import { idIn, parseSnapshotName, parseVolumeName } from './names.ts';
import type { Operation, Writing } from './operation.ts';
import type { ExpectedPool } from './probe.ts';
import { isLimit, type Reservation, Reservations } from './reservations.ts';
import { probeRds } from './scripts/device.ts';
import { choose } from './scripts/whereabouts.ts';

/** What an RDS is, as far as its scripts depend on it. */
export interface RdsSettings {
  readonly pools: readonly ExpectedPool[];
  readonly owners: readonly string[];
  /** Bytes that must stay free in each pool. */
  readonly reserveBytes: bigint;
  /** What a pool may promise, in percent of its size; undefined for no limit. */
  readonly ratioPercent?: bigint | undefined;
  /** TCP port of the NVMe target. */
  readonly port: number;
  /** What other operations that are under way may yet take of what this one takes; by default nothing. */
  readonly reserved?: bigint;
  /** The one that is an object, where several subvolumes have names of its id. */
  readonly chosen?: ChosenSubvolume | undefined;
}

/** A subvolume. */
export interface ChosenSubvolume {
  /** Of its filesystem. */
  readonly label: string;
  readonly name: string;
  /** Its own uuid, which no other subvolume has. */
  readonly uuid: string;
  readonly subvolumeId: bigint;
}

/** Makes the operation for an RDS. */
export type Asking<T> = (settings: RdsSettings) => Operation<T>;

export interface RdsOptions {
  /** The clock of the conversation. Default: the system's. */
  readonly clock?: Clock;
  /** Milliseconds from now in which a script of an earlier process may still write; default 0, for none. */
  readonly predecessorMs?: number;
}

/**
 * How often a refusal is asked again that the device gets past by itself, most often within milliseconds. A growth is refused
 * also to a script that was too late for it, which its repeat is not; and a slot may be that of a volume which another process has
 * recreated meanwhile.
 */
const PATIENCE_TIMES: ReadonlyMap<RdsErrorCode, number> = new Map([
  ['RC-SIZE', 20],
  ['RC-LAG', 20],
  ['RC-LEFT', 20],
  ['RC-GROW', 1],
  ['RC-SLOT', 1],
]);
/** Milliseconds in between. */
const PATIENCE_MS = 100;

/**
 * One RDS in RouterOS words. An operation is one script in one exec on the happy path, may be repeated at any time, and
 * reports the state that it read back; deciding what the state means is the caller's. Throws nothing but RdsError.
 */
export class Rds {
  readonly settings: RdsSettings;
  readonly #routerOs: RouterOs;
  readonly #clock: Clock;
  readonly #lostWrites: LostWrites;
  readonly #reservations: Reservations;

  constructor(routerOs: RouterOs, settings: RdsSettings, { clock = systemClock, predecessorMs = 0 }: RdsOptions = {}) {
    this.#routerOs = routerOs;
    this.settings = settings;
    this.#clock = clock;
    this.#lostWrites = new LostWrites(clock, predecessorMs);
    this.#reservations = new Reservations(clock);
  }

  /** From memory; never touches the network. */
  state(): RouterOsState {
    return this.#routerOs.state();
  }

  async close(): Promise<void> {
    await this.#routerOs.close();
  }

  /**
   * Does it, as soon as nothing that was lost can get in its way. What the RDS needs a moment for is looked at again, for 2 s
   * at most, without holding the connection.
   *
   * @throws RdsError
   */
  async run<T>(asking: Asking<T>, call: Call): Promise<T> {
    try {
      return await this.#admit(asking, this.settings, call);
    } catch (error) {
      if (!(error instanceof RdsError)) throw error;
      const chosen = error.code === 'RC-TWO' ? await this.#choose(error, call) : undefined;
      if (chosen !== undefined) return await this.#again(asking, { ...this.settings, chosen }, error, call);
      if (error.code === 'RC-OWNER') throw this.#misnamed(error);
      throw error.code === 'RC-POOL' ? await this.#withFindings(error, call) : error;
    }
  }

  /** Does what was refused before, and forgets none of what it made then. */
  async #again<T>(asking: Asking<T>, settings: RdsSettings, before: RdsError, call: Call): Promise<T> {
    try {
      return await this.#admit(asking, settings, call);
    } catch (error) {
      throw before.made && error instanceof RdsError ? error.ofMade() : error;
    }
  }

  /** Does it beside others that take of the same; where that is not to be had, after those that came before. */
  async #admit<T>(asking: Asking<T>, settings: RdsSettings, call: Call): Promise<T> {
    const operation = asking(settings);
    if (operation.kind === 'read' || operation.takes === undefined) return await this.#retry(operation, call);
    const reservation = this.#reservations.make(operation.takes);
    try {
      const reserved = reservation.ahead();
      if (reserved === 0n) return await this.#retry(operation, call);
      try {
        return await this.#retry(asking({ ...settings, reserved }), call);
      } catch (error) {
        if (!(error instanceof RdsError) || !isLimit(error.code)) throw error;
      }
      await this.#alone(operation, reservation, call);
      return await this.#retry(operation, call);
    } finally {
      reservation.end(this.#lostWrites.quietAt(operation));
    }
  }

  /** Waits until nothing is ahead of the operation, and no attempt of it may be at work: the next answer is the last word. */
  async #alone(operation: Writing<unknown>, reservation: Reservation, { signal }: Call): Promise<void> {
    try {
      await reservation.alone(signal);
      const ms = this.#lostWrites.quietAt(operation) - this.#clock.now();
      if (ms > 0) await this.#clock.wait(ms, signal);
    } catch (cause) {
      throw new RdsError('RDS-CANCELLED', 'while it waited for what others may take', { cause });
    }
  }

  /** An object that the device shows under a path in place of its name (U8) has an owner behind the path, who may be ours. */
  #misnamed(error: RdsError): RdsError {
    const { detail, cause, made, mayStillRun } = error;
    const name = detail.slice(detail.lastIndexOf('/') + 1);
    const { owner } = parseVolumeName(name) ?? parseSnapshotName(name) ?? {};
    const isOurs = name !== detail && owner !== undefined && this.settings.owners.includes(owner);
    return isOurs ? new RdsError('RC-NAME', detail, { cause, made, mayStillRun }) : error;
  }

  /** A script only says which pool is not there; what there is in its place takes a look of its own. */
  async #withFindings(error: RdsError, call: Call): Promise<RdsError> {
    try {
      const { problems } = await this.#retry(probeRds(this.settings), call);
      const ofPools = problems.filter(({ pool }) => pool !== undefined);
      const own = ofPools.filter(({ pool }) => pool === error.detail);
      const relevant = own.length > 0 ? own : ofPools;
      return relevant.length === 0 ? error : error.with(relevant.map(({ found }) => found).join('; '));
    } catch {
      return error;
    }
  }

  /** Several subvolumes have a name of one id, or one that may not be whole: the one that is the object, if there is a way to tell. */
  async #choose({ detail }: RdsError, call: Call): Promise<ChosenSubvolume | undefined> {
    const object = idIn(detail);
    if (object === undefined) return undefined;
    return await this.#retry(choose(this.settings, object), call);
  }

  /** Repeats what refuses because the device has not got so far yet, and forgets none of what it has made (U24). */
  async #retry<T>(operation: Operation<T>, call: Call): Promise<T> {
    let made = false;
    for (let asked = 0; ; asked += 1) {
      try {
        return await this.#once(operation, call);
      } catch (error) {
        if (!(error instanceof RdsError)) throw error;
        made ||= error.made;
        const isOver = asked >= (PATIENCE_TIMES.get(error.code) ?? 0) || !(await this.#pause(call));
        if (isOver) throw made ? error.ofMade() : error;
      }
    }
  }

  /** @returns false when the caller does not wait for so long. */
  async #pause({ signal }: Call): Promise<boolean> {
    try {
      await this.#clock.wait(PATIENCE_MS, signal);
      return true;
    } catch {
      return false;
    }
  }

  async #once<T>(operation: Operation<T>, { signal, deadline }: Call): Promise<T> {
    const call = { signal, ...(deadline === undefined ? {} : { deadline }) };
    if (operation.kind === 'read') return operation.decode(await this.#rows(operation, call));
    await this.#lostWrites.settle(operation, call);
    const onLost = (quietAt: number): void => this.#lostWrites.note(operation, quietAt);
    return operation.decode(await this.#rows(operation, { ...call, onLost }));
  }

  async #rows(
    { kind, script }: Operation<unknown>,
    call: Call & { readonly onLost?: (quietAt: number) => void },
  ): Promise<readonly JsonRow[]> {
    try {
      return await this.#routerOs.run(script, { kind, ...call });
    } catch (error) {
      throw translate(error);
    }
  }
}

const KIND_CODES: Readonly<Record<Exclude<RouterOsError['kind'], 'refused'>, RdsErrorCode>> = {
  failed: 'RDS-REFUSED',
  late: 'RDS-LATE',
  rejected: 'RDS-UNSUPPORTED',
  unreachable: 'RDS-UNREACHABLE',
  unauthenticated: 'RDS-LOGIN',
  unsent: 'RDS-UNSENT',
  unknown: 'RDS-UNKNOWN',
  cancelled: 'RDS-CANCELLED',
};

/** The trace that `:error` adds to its text, once for every time that a script passed the error on. */
const TRACE = / ?\(:error; line \d+\)/g;

function translate(error: unknown): unknown {
  if (!(error instanceof RouterOsError)) {
    return error;
  }
  const { mayStillRun } = error;
  if (error.kind !== 'refused') {
    // The code of the reason; that nothing was sent is said by `mayStillRun` and by the words.
    const wasUnknown = error instanceof NotSent && error.because.kind === 'unknown';
    return new RdsError(KIND_CODES[wasUnknown ? 'unknown' : error.kind], error.detail, { cause: error, mayStillRun });
  }
  const words = `${error.code} ${error.detail}`.replaceAll(TRACE, '').trim().split(' ');
  const made = words[0] === 'RC-MADE';
  const [code = '', ...detail] = made ? words.slice(1) : words;
  return isRefusal(code)
    ? new RdsError(code, detail.join(' '), { cause: error, made, mayStillRun })
    : new RdsError('RDS-REFUSED', [code, ...detail].join(' '), { cause: error, made, mayStillRun });
}
