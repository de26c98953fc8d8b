/**
 * The values that the RouterOS script language computes with, as TypeScript sees them. Only the types that the
 * simulated menus use are here; their conversions (`:tostr`, `:tonum`, JSON) live beside the interpreter.
 */

/** RouterOS `nothing`: an unset variable, a missing key, an index out of range (docs/routeros.md, 1.3). */
export const nothing = Symbol('nothing');
type Nothing = typeof nothing;

/** An internal item id such as `*2B`. Ids are stable for the life of the item and never reused. */
export class ItemId {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A `time` value (a duration), kept in milliseconds. */
export class Duration {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

/**
 * A RouterOS array: unkeyed elements in order and keyed elements. `:foreach k,v` visits unkeyed elements under their
 * index, then keyed ones sorted by key.
 */
export class RosArray {
  readonly list: Value[];
  readonly keyed: Map<string, Value>;

  constructor(list: Value[] = [], keyed: Map<string, Value> = new Map()) {
    this.list = list;
    this.keyed = keyed;
  }

  get length(): number {
    return this.list.length + this.keyed.size;
  }
}

/** `num` is a 64-bit integer, hence `bigint`; a string holds bytes as UTF-8 text. */
export type Value = Nothing | boolean | bigint | string | ItemId | Duration | RosArray;
