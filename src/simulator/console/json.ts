import { entries, formatDuration, guardDepth, joinTexts, toText } from './conversions.ts';
import { type Dialect, PLAIN_DIALECT } from './dialect.ts';
import { ScriptFailure } from './errors.ts';
import { Duration, RosArray, type Value } from './value.ts';

/** How `:serialize to=json` writes. */
export interface JsonOptions {
  /** `json.pretty` */
  readonly pretty: boolean;
  /** `json.no-string-conversion`; without it a text of digits becomes a number with six decimals. */
  readonly keepStrings: boolean;
}

/** Reads the `options=` of `:serialize`: names joined by commas, case-sensitive. */
export function parseJsonOptions(text: string): JsonOptions {
  const names = text === '' ? [] : text.split(',');
  const unknown = names.find((name) => name !== 'json.pretty' && name !== 'json.no-string-conversion');
  if (unknown !== undefined) {
    throw new ScriptFailure('input does not match any value of options');
  }
  return { pretty: names.includes('json.pretty'), keepStrings: names.includes('json.no-string-conversion') };
}

/** The JSON text that RouterOS 7.21 to 7.24 gives for a value (docs/routeros.md, 2): keys sorted, nothing as null. */
export function toJson(value: Value, options: JsonOptions, dialect: Dialect = PLAIN_DIALECT, depth = 0): string {
  guardDepth(depth);
  switch (typeof value) {
    case 'symbol':
      return 'null';
    case 'boolean':
      return dialect.boolsAsWords ? (value ? '"yes"' : '"no"') : String(value);
    case 'bigint':
      return dialect.numbersAsText ? `"${value}"` : String(value);
    case 'string':
      return textToJson(value, options);
    default:
      if (value instanceof RosArray) {
        return arrayToJson(value, options, dialect, depth);
      }
      return JSON.stringify(value instanceof Duration ? formatDuration(value) : toText(value));
  }
}

function textToJson(text: string, { keepStrings }: JsonOptions): string {
  return !keepStrings && /^[0-9]{1,18}$/.test(text) ? `${BigInt(text)}.000000` : JSON.stringify(text);
}

function arrayToJson(array: RosArray, options: JsonOptions, dialect: Dialect, depth: number): string {
  if (array.keyed.size > 0 && array.list.length > 0) {
    throw new ScriptFailure('cannot serialize an array with and without keys');
  }
  const colon = options.pretty ? ': ' : ':';
  const members = entries(array).map(([key, element]) => {
    const text = toJson(element, options, dialect, depth + 1);
    return typeof key === 'string' ? `${JSON.stringify(key)}${colon}${text}` : text;
  });
  const [open, close] = array.keyed.size > 0 ? ['{', '}'] : ['[', ']'];
  if (!options.pretty || members.length === 0) {
    return `${open}${joinTexts(members, ',')}${close}`;
  }
  const indent = `\r\n${'    '.repeat(depth)}`;
  return `${open}${joinTexts(
    members.map((member) => `${indent}    ${member}`),
    ',',
  )}${indent}${close}`;
}
