import type { JsonRow, Script } from '../routeros/index.ts';
import type { ObjectRef } from './refs.ts';
import type { Share } from './reservations.ts';

/** Something that is asked of an RDS, as data: one script, and how its rows are read. May be repeated at any time. */
export type Operation<T> = Reading<T> | Writing<T>;

export interface Reading<T> {
  readonly kind: 'read';
  readonly script: Script;
  /** @throws RdsError when the rows are not what such a script prints. */
  decode(rows: readonly JsonRow[]): T;
}

export interface Writing<T> extends Omit<Reading<T>, 'kind'> {
  readonly kind: 'write';
  /** What it changes. */
  readonly object: ObjectRef;
  /**
   * What is done to the object, with all that it writes: a size, a token, a time. Of two operations with the same name the
   * second is a repeat of the first, which finds and completes what that has done, so it need not wait for it.
   */
  readonly name: string;
  /** Whether it takes the object, or a part of it, away. */
  readonly removes: boolean;
  /** What it may take that the RDS counts first; undefined for what takes nothing, or nothing that is limited. */
  readonly takes?: Share | undefined;
}
