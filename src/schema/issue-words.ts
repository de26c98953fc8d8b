import * as z from 'zod';
import { nearest } from './nearest.ts';
import { unknownKeys } from './unknown-keys.ts';

type Issue = Parameters<z.core.$ZodErrorMap>[0];

/**
 * What is said of a value that a schema refuses, with what was found: the words for every kind of issue that has none of its
 * own in the schema. Give it to `safeParse` as `error`.
 */
export function issueWords(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'required'
        : `${typeWords(issue.expected, issue.input)}, not ${shown(issue.input)}`;
    case 'too_small':
      return tooSmall(issue);
    case 'too_big':
      return tooBig(issue);
    case 'invalid_value':
      return oneOf(issue.values.map(String), issue.input);
    case 'invalid_union':
      return unionWords(issue);
    case 'unrecognized_keys':
      return unknownKeys(issue.keys, keysOf(issue.inst));
    default:
      return undefined;
  }
}

/** Names that were to be chosen from, with the one that was meant. */
function oneOf(names: readonly string[], found: unknown): string {
  if (found === undefined) return names.length === 1 ? 'required' : `required: one of ${names.join(', ')}`;
  const meant = typeof found === 'string' ? nearest(found, names) : undefined;
  const known = names.length === 1 ? `only ${names.join()} may stand here` : `one of ${names.join(', ')}`;
  return `${known}, not ${shown(found)}${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
}

/** Keys of an object that a schema knows. */
function keysOf(schema: unknown): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys with values',
};

function typeWords(expected: string, found: unknown): string {
  const quoted = typeof found === 'number' || typeof found === 'boolean' ? ` in quotes, "${found}"` : '';
  return `${TYPES[expected] ?? expected}${expected === 'string' ? quoted : ''}`;
}

/** A value as it was written, short. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'keys with values';
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function tooSmall({ origin, minimum, inclusive, input }: Extract<Issue, { code: 'too_small' }>): string {
  if (origin === 'string')
    return input === '' ? 'it is empty' : `at least ${minimum} characters, not ${lengthOf(input)}`;
  if (origin === 'array') return `at least ${counted(minimum, 'entry', 'entries')}, not ${lengthOf(input)}`;
  return `${inclusive === false ? 'more than' : 'at least'} ${minimum}, not ${shown(input)}`;
}

function tooBig({ origin, maximum, inclusive, input }: Extract<Issue, { code: 'too_big' }>): string {
  if (origin === 'string') return `at most ${maximum} characters, not ${lengthOf(input)}`;
  if (origin === 'array') return `at most ${counted(maximum, 'entry', 'entries')}, not ${lengthOf(input)}`;
  return `${inclusive === false ? 'less than' : 'at most'} ${maximum}, not ${shown(input)}`;
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' || Array.isArray(value) ? value.length : 0;
}

function counted(count: number | bigint, one: string, many: string): string {
  return `${count} ${Number(count) === 1 ? one : many}`;
}

/** Objects that differ by one key say which values it may have; what is no such object, what it is. */
function unionWords({ inst, input }: Extract<Issue, { code: 'invalid_union' }>): string | undefined {
  if (!(inst instanceof z.ZodDiscriminatedUnion)) return undefined;
  const { discriminator, options } = inst.def;
  const names = options.flatMap((option) => {
    const kind = option instanceof z.ZodObject ? option.shape[discriminator] : undefined;
    return kind instanceof z.ZodLiteral ? [...kind.values].map(String) : [];
  });
  const found: unknown =
    typeof input === 'object' && input !== null
      ? Object.entries(input).find(([key]) => key === discriminator)?.[1]
      : undefined;
  return oneOf(names, found);
}
