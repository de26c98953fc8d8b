/** The words of a failure, the same wherever a user reads them. */
import { FAILURES, type FailureCode, isFailureCode } from './catalogue.ts';
import { conditionEnd } from './conditions.ts';
import { RETRIES } from './failure.ts';

/** Such as `[RC-SPACE]`. */
const CODE = /\[([A-Z]+-[A-Z]+)\]/g;

/** What is so, in one sentence without a full stop. @param detail as the failure came with; human-readable */
export function sentenceOf(code: FailureCode, detail: string): string {
  const { what, says } = FAILURES[code];
  if (detail === '') return what;
  const sentence = says?.(detail) ?? `${what}: ${detail}`;
  // Words of programs may end in a full stop of their own.
  return sentence.replace(/[\s.]+$/, '');
}

/** What the reader can do, and where more is written; empty where every message says it itself. */
export function remedyOf(code: FailureCode): string {
  const { remedy, page } = FAILURES[code];
  return page === undefined ? remedy : `${remedy} (docs/${page})`;
}

/** `object: sentence. Remedy [CODE]`. @param object what it is about; may be empty */
export function messageOf(code: FailureCode, object: string, detail: string): string {
  return `${object === '' ? '' : `${object}: `}${sentenceOf(code, detail)}${endOf(code)}`;
}

/** A message of a command that ends with it: nothing retries, so it does not promise that. */
export function askedOnce(message: string): string {
  return message.replaceAll(`${RETRIES}; if`, 'If').replaceAll(`. ${RETRIES}`, '');
}

/** The code of a message, wherever it travelled; undefined when it is not one of ours. The last one counts. */
export function codeIn(message: string): FailureCode | undefined {
  return [...message.matchAll(CODE)].map(([, code = '']) => code).findLast(isFailureCode);
}

/**
 * At most so many bytes of UTF-8, cut between characters, and well-formed, since grpc-js throws on a lone surrogate. What
 * happened is cut, and never what to do about it, nor the code.
 *
 * @param end of the message, where it ends in what a failure does not know
 */
export function shorten(message: string, bytes: number, end = knownEnd(message)): string {
  const text = message.toWellFormed();
  if (Buffer.byteLength(text) <= bytes) return text;
  const begin = Buffer.from(text.slice(0, text.length - end.length));
  const rest = `…${end}`;
  let length = bytes - Buffer.byteLength(rest);
  // 10xxxxxx is the inside of a UTF-8 sequence.
  while (((begin[length] ?? 0) & 0xc0) === 0x80) length -= 1;
  return begin.toString('utf8', 0, length) + rest;
}

function knownEnd(message: string): string {
  const code = codeIn(message);
  const end = code === undefined ? conditionEnd(message) : endOf(code);
  return message.endsWith(end) ? end : '';
}

function endOf(code: FailureCode): string {
  const remedy = remedyOf(code);
  return `${remedy === '' ? '' : `. ${remedy}`} [${code}]`;
}
