import { type Execution, ScriptKilled } from '../console/execution.ts';
import type { ConsoleHooks, Statement } from '../console/hooks.ts';
import { DeviceFailure } from '../console/menu.ts';
import { addGarbage, breakLines, cutAfter, flood, type OutputFilter } from '../output/output-filter.ts';
import type { Fault, Place, PoolCondition } from './fault.ts';

/** What faults do to the box as a whole. */
export interface FaultyBox {
  /** Restarts the box; returns at once. */
  restart(downMs: number): void;
  /** @throws Error when the box has no such pool. */
  setPool(condition: PoolCondition): void;
  healPools(): void;
}

/** A fault that waits for its place, or has struck there. */
export interface ArmedFault {
  readonly fault: Fault;
  /** How often it has struck. */
  readonly fired: number;
  disarm(): void;
}

type FaultOf<K extends Fault['kind']> = Extract<Fault, { readonly kind: K }>;
type PlacedFault = FaultOf<'fail' | 'kill' | 'drop' | 'restart'>;
type OutputFault = FaultOf<'cut' | 'wrap' | 'garbage' | 'flood'>;

class Entry implements ArmedFault {
  readonly fault: Fault;
  fired = 0;
  /** How often it may still strike. */
  left: number;
  /** Commands at its place since it was armed. */
  seen = 0;

  constructor(fault: Fault, times: number) {
    this.fault = fault;
    this.left = times;
  }

  disarm(): void {
    this.left = 0;
  }
}

/**
 * The faults that are armed on one box. Of several that fit a command, an exec or a channel, the one armed first strikes.
 * It watches all scripts as {@link ConsoleHooks}, and is asked by the SSH side for what concerns output and channels.
 */
export class FaultPlan implements ConsoleHooks {
  readonly #box: FaultyBox;
  #entries: readonly Entry[] = [];
  /** Faults that strike when the command is through. */
  readonly #due = new WeakMap<Statement, Entry>();

  constructor(box: FaultyBox) {
    this.#box = box;
  }

  /** @param times How often it strikes before it is spent; `Infinity` until it is disarmed. */
  arm(fault: Fault, times = 1): ArmedFault {
    const entry = new Entry(fault, times);
    this.#entries = [...this.#live(), entry];
    return entry;
  }

  /** Disarms all and heals all pools. */
  clear(): void {
    for (const entry of this.#entries) entry.disarm();
    this.#box.healPools();
  }

  /**
   * What a pool is like from now on; what the condition leaves out stays as it is.
   *
   * @throws Error when the box has no such pool.
   */
  setPool(condition: PoolCondition): void {
    this.#box.setPool(condition);
  }

  /** Those that can still strike, in the order of arming. */
  get armed(): readonly ArmedFault[] {
    return this.#live();
  }

  beforeStatement(statement: Statement, execution: Execution): void {
    const here = this.#live().filter(({ fault }) => isPlaced(fault) && isAt(fault.at, statement));
    // All of them count the command, also those that come too late to strike at it.
    for (const entry of here) entry.seen += 1;
    const entry = here.find(({ fault, seen }) => isPlaced(fault) && seen >= (fault.at.nth ?? 1));
    if (entry === undefined) return;
    entry.left -= 1;
    if ('when' in entry.fault && entry.fault.when === 'after') this.#due.set(statement, entry);
    else this.#strike(entry, execution);
  }

  afterStatement(statement: Statement, execution: Execution): void {
    const entry = this.#due.get(statement);
    if (entry !== undefined) this.#strike(entry, execution);
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

  /** @throws DeviceFailure or ScriptKilled unless the script runs on. */
  #strike(entry: Entry, execution: Execution): void {
    const { fault } = entry;
    entry.fired += 1;
    if (!isPlaced(fault)) return;
    if (fault.kind === 'fail') throw new DeviceFailure(fault.error);
    if (fault.kind === 'drop') execution.disconnect();
    if (fault.kind === 'drop' && fault.scriptRunsOn) return;
    execution.kill();
    if (fault.kind === 'restart') this.#box.restart(fault.downMs);
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
