import { type Clock, HOST_CLOCK } from '../clock.ts';
import { type Execution, ScriptKilled } from '../console/execution.ts';
import type { ConsoleHooks, Statement } from '../console/hooks.ts';
import { DeviceFailure } from '../console/menu.ts';
import { addGarbage, breakLines, cutAfter, flood, type OutputFilter } from '../output/output-filter.ts';
import type { Fault, Place, PoolCondition } from './fault.ts';
import { StandingScripts } from './standing-scripts.ts';

/** What faults do to the device as a whole. */
export interface FaultyDevice {
  /** Restarts the device; returns at once. */
  restart(downMs: number): void;
  /** @throws Error when the device has no such pool. */
  setPool(condition: PoolCondition): void;
  healPools(): void;
}

/** A fault that waits for its place, or has struck there. */
export interface ArmedFault {
  readonly fault: Fault;
  /** How often it has struck. */
  readonly fired: number;
  /** How many scripts stand still at it now; of a `stall` only. */
  readonly standing: number;
  /** The scripts that stand still at it now, as they were sent. */
  readonly lines: readonly string[];
  /** It strikes no more. What stands still at it stays so. */
  disarm(): void;
  /** Lets go on what stands still at it. */
  release(): void;
}

type FaultOf<K extends Fault['kind']> = Extract<Fault, { readonly kind: K }>;
type PlacedFault = FaultOf<'fail' | 'kill' | 'drop' | 'restart' | 'stall'>;
type OutputFault = FaultOf<'cut' | 'wrap' | 'garbage' | 'flood'>;

class Entry implements ArmedFault {
  readonly fault: Fault;
  fired = 0;
  /** How often it may still strike. */
  left: number;
  /** Commands at its place since it was armed. */
  seen = 0;
  readonly scripts: StandingScripts;

  constructor(fault: Fault, times: number, clock: Clock) {
    this.fault = fault;
    this.left = times;
    this.scripts = new StandingScripts(clock);
  }

  get standing(): number {
    return this.scripts.count;
  }

  get lines(): readonly string[] {
    return this.scripts.lines;
  }

  disarm(): void {
    this.left = 0;
  }

  release(): void {
    this.scripts.release();
  }
}

/**
 * The faults that are armed on one device. Of several that fit a command, an exec or a channel, the one armed first strikes.
 * It watches all scripts as {@link ConsoleHooks}, and is asked by the SSH side for what concerns output and channels.
 */
export class FaultPlan implements ConsoleHooks {
  readonly #rds: FaultyDevice;
  readonly #clock: Clock;
  #entries: readonly Entry[] = [];
  /** Faults that strike when the command is through. */
  readonly #due = new WeakMap<Statement, Entry>();

  constructor(rds: FaultyDevice, clock: Clock = HOST_CLOCK) {
    this.#rds = rds;
    this.#clock = clock;
  }

  /** @param times How often it strikes before it is spent; `Infinity` until it is disarmed. */
  arm(fault: Fault, times = 1): ArmedFault {
    const entry = new Entry(fault, times, this.#clock);
    this.#entries = [...this.#kept(), entry];
    return entry;
  }

  /** Disarms all, lets go on what stands still, and heals all pools. */
  clear(): void {
    for (const entry of this.#entries) entry.disarm();
    this.release();
    this.#rds.healPools();
  }

  /**
   * What a pool is like from now on; what the condition leaves out stays as it is.
   *
   * @throws Error when the device has no such pool.
   */
  setPool(condition: PoolCondition): void {
    this.#rds.setPool(condition);
  }

  /** Lets go on whatever stands still. */
  release(): void {
    for (const entry of this.#entries) entry.release();
  }

  /** Those that can still strike or have scripts standing still, in the order of arming. */
  get armed(): readonly ArmedFault[] {
    return this.#kept();
  }

  beforeStatement(statement: Statement, execution: Execution): Promise<void> | undefined {
    const here = this.#live().filter(({ fault }) => isPlaced(fault) && isAt(fault.at, statement));
    // All of them count the command, also those that come too late to strike at it.
    for (const entry of here) entry.seen += 1;
    const entry = here.find(({ fault, seen }) => isPlaced(fault) && seen >= (fault.at.nth ?? 1));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (!('when' in entry.fault && entry.fault.when === 'after')) return this.#strike(entry, execution);
    this.#due.set(statement, entry);
    return undefined;
  }

  afterStatement(statement: Statement, execution: Execution): void {
    const entry = this.#due.get(statement);
    if (entry !== undefined) void this.#strike(entry, execution);
  }

  /** What the output of an exec with this line goes through; a fault that changes output strikes here. */
  filters(line: string): readonly OutputFilter[] {
    const entry = this.#live().find(({ fault }) => isOutputFault(fault) && line.includes(fault.line ?? ''));
    if (entry === undefined || !isOutputFault(entry.fault)) return [];
    entry.left -= 1;
    entry.fired += 1;
    return [filterOf(entry.fault)];
  }

  /** Whether a connection with so many open channels gets no further one. */
  refusesChannel(open: number): boolean {
    const entry = this.#live().find(({ fault }) => fault.kind === 'channel-limit' && open >= fault.channels);
    if (entry === undefined) return false;
    entry.left -= 1;
    entry.fired += 1;
    return true;
  }

  #live(): readonly Entry[] {
    return this.#entries.filter(({ left }) => left > 0);
  }

  #kept(): readonly Entry[] {
    return this.#entries.filter(({ left, standing }) => left > 0 || standing > 0);
  }

  /**
   * Ends at once, or, for a script that stands still, when that is over.
   *
   * @throws DeviceFailure or ScriptKilled, at once, unless the script runs on.
   */
  #strike(entry: Entry, execution: Execution): Promise<void> | undefined {
    const { fault } = entry;
    entry.fired += 1;
    if (!isPlaced(fault)) return undefined;
    if (fault.kind === 'fail') throw new DeviceFailure(fault.error);
    if (fault.kind === 'drop' || (fault.kind === 'stall' && fault.disconnect)) execution.disconnect();
    if (fault.kind === 'stall') return entry.scripts.stand(execution, fault.ms);
    if (fault.kind === 'drop' && fault.scriptRunsOn) return undefined;
    execution.kill();
    if (fault.kind === 'restart') this.#rds.restart(fault.downMs);
    throw new ScriptKilled();
  }
}

function isPlaced(fault: Fault): fault is PlacedFault {
  return 'at' in fault;
}

function isOutputFault(fault: Fault): fault is OutputFault {
  return !isPlaced(fault) && fault.kind !== 'channel-limit';
}

function isAt(place: Place, { path, command, text }: Statement): boolean {
  return (
    (place.path === undefined || place.path === path) &&
    (place.command === undefined || place.command === command) &&
    text.includes(place.text ?? '')
  );
}

function filterOf(fault: OutputFault): OutputFilter {
  switch (fault.kind) {
    case 'cut':
      return cutAfter(fault.bytes);
    case 'wrap':
      return breakLines(fault.columns);
    case 'garbage':
      return addGarbage(fault.where, fault.text);
    case 'flood':
      return flood(fault.bytes);
  }
}
