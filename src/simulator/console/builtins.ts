import { lengthOf, toArray, toNumber, toText, toTime, typeName } from './conversions.ts';
import type { Dialect } from './dialect.ts';
import { ScriptFailure } from './errors.ts';
import { parseJsonOptions, toJson } from './json.ts';
import { areEqual } from './operators.ts';
import { nothing, RosArray, type Value } from './value.ts';

/** A builtin's arguments by name; one that was not given is nothing. */
export type BuiltinArguments = (name: string) => Value;

/** The builtins that only compute a value from values. */
export const functions: ReadonlyMap<string, (argument: BuiltinArguments, dialect: Dialect) => Value> = new Map([
  ['nothing', () => nothing],
  ['len', (argument: BuiltinArguments) => lengthOf(argument('value'))],
  ['tostr', (argument: BuiltinArguments) => toText(argument('value'))],
  ['tonum', (argument: BuiltinArguments) => toNumber(argument('value'))],
  ['totime', (argument: BuiltinArguments) => toTime(argument('value'))],
  ['toarray', (argument: BuiltinArguments) => toArray(argument('value'))],
  ['typeof', (argument: BuiltinArguments) => typeName(argument('value'))],
  ['pick', (argument: BuiltinArguments) => pick(argument('counter'), argument('begin'), argument('end'))],
  ['find', (argument: BuiltinArguments) => find(argument('in'), argument('key'))],
  ['serialize', serialize],
]);

/** `:pick`: from `begin` up to but not including `end`; without `end`, one byte or one element. */
function pick(from: Value, begin: Value, end: Value): Value {
  if (typeof begin !== 'bigint' || (typeof end !== 'bigint' && end !== nothing) || begin < 0n) {
    throw new ScriptFailure('invalid value for argument begin');
  }
  const first = Number(begin);
  if (from instanceof RosArray) {
    return typeof end === 'bigint'
      ? new RosArray(from.list.slice(first, Math.max(first, Number(end))))
      : (from.list[first] ?? nothing);
  }
  const last = typeof end === 'bigint' ? Math.max(first, Number(end)) : first + 1;
  return decode(Buffer.from(toText(from)).subarray(first, last));
}

/** A text is bytes to the device, so a range may cut a character in two; here that fails. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ScriptFailure('failure: range cuts a character');
  }
}

/** `:find`: where a text (in bytes) or an element begins, or nothing. */
function find(where: Value, key: Value): Value {
  if (where instanceof RosArray) {
    const index = where.list.findIndex((element) => !(element instanceof RosArray) && areEqual(element, key));
    return index < 0 ? nothing : BigInt(index);
  }
  const index = Buffer.from(toText(where)).indexOf(toText(key));
  return index < 0 ? nothing : BigInt(index);
}

function serialize(argument: BuiltinArguments, dialect: Dialect): Value {
  if (argument('to') === 'dsv') {
    throw new ScriptFailure('action failed (6): the simulator does not carry out :serialize to=dsv');
  }
  if (argument('to') !== 'json') {
    throw new ScriptFailure('input does not match any value of to');
  }
  return toJson(argument('value'), parseJsonOptions(toText(argument('options'))), dialect);
}
