import { Journal } from './journal.ts';
import type { Tables } from './records.ts';

type TableName = keyof Tables;

/** One change of one table. Several changes committed together happen together or not at all. */
export type Change =
  | { [T in TableName]: { readonly put: T; readonly key: string; readonly record: Tables[T] } }[TableName]
  | { readonly remove: TableName; readonly key: string };

type Entry = Change | { readonly counter: string; readonly next: number };

/**
 * Everything the device remembers, in memory and in a journal. Each commit is one line, so a process killed at any moment
 * leaves either all of a commit or nothing of it.
 */
export class State {
  readonly #tables: { readonly [T in TableName]: Map<string, Tables[T]> } = {
    pool: new Map(),
    subvolume: new Map(),
    disk: new Map(),
    file: new Map(),
    setting: new Map(),
    user: new Map(),
    group: new Map(),
    publicKey: new Map(),
    privateKey: new Map(),
    transfer: new Map(),
  };
  readonly #counters = new Map<string, number>();
  readonly #advanced = new Set<string>();
  readonly #versions = new Map<TableName, number>();
  #journal: Journal | undefined;

  /** Reads the journal and rewrites it without what was overwritten or removed. */
  static async open(path: string): Promise<State> {
    const state = new State();
    for (const line of await Journal.read(path)) {
      for (const entry of line as readonly Entry[]) state.#apply(entry);
    }
    state.#journal = await Journal.rewrite(
      path,
      state.#entries().map((entry) => [entry]),
    );
    return state;
  }

  table<T extends TableName>(name: T): ReadonlyMap<string, Tables[T]> {
    return this.#tables[name];
  }

  /** Grows with every change of the table, so that what is derived from it can be kept until then. */
  version(name: TableName): number {
    return this.#versions.get(name) ?? 0;
  }

  /** The next number of a sequence. A number is never given out twice, also not after a restart. */
  next(counter: string, first = 1): number {
    const number = this.#counters.get(counter) ?? first;
    this.#counters.set(counter, number + 1);
    this.#advanced.add(counter);
    return number;
  }

  /** A new item id of a menu, such as `*2B`. */
  nextId(menu: string, first = 1): string {
    return `*${this.next(`id ${menu}`, first).toString(16).toUpperCase()}`;
  }

  /** Makes the changes durable, then visible. */
  commit(...changes: readonly Change[]): void {
    if (this.#journal === undefined) throw new Error('the state is closed');
    const entries: Entry[] = [...changes];
    for (const counter of this.#advanced) entries.push({ counter, next: this.#counters.get(counter) ?? 1 });
    this.#advanced.clear();
    this.#journal.append(entries);
    for (const change of changes) this.#apply(change);
  }

  close(): void {
    this.#journal?.close();
    this.#journal = undefined;
  }

  #apply(entry: Entry): void {
    if ('counter' in entry) {
      this.#counters.set(entry.counter, Math.max(entry.next, this.#counters.get(entry.counter) ?? 0));
      return;
    }
    const name = 'put' in entry ? entry.put : entry.remove;
    if ('put' in entry) (this.#tables[name] as Map<string, Tables[TableName]>).set(entry.key, entry.record);
    else this.#tables[name].delete(entry.key);
    this.#versions.set(name, this.version(name) + 1);
  }

  #entries(): Entry[] {
    const entries: Entry[] = [...this.#counters].map(([counter, next]) => ({ counter, next }));
    for (const put of Object.keys(this.#tables) as TableName[]) {
      for (const [key, record] of this.#tables[put]) entries.push({ put, key, record } as Change);
    }
    return entries;
  }
}
