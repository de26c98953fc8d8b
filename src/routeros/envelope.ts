import { RouterOsError } from './errors.ts';
import { parseRows } from './json.ts';
import type { JsonRow } from './routeros.ts';
import type { Script } from './script.ts';

/** The longest line that is sent, in bytes; what the device would take is not known (docs/routeros.md, U15). */
export const MAX_COMMAND_BYTES = 4096;

/** The longest answer that is read, in bytes; scripts aim for 48 KiB (docs/routeros.md, U21). */
export const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * One line that runs the script and tells by a marker how it went, since the exit status tells nothing
 * (docs/routeros.md, 1.1 and 1.3). The markers are put together on the device, so that an echo of the command is never
 * taken for an answer; the text of an error is followed by the nonce, so that a shortened one is never taken for whole.
 * A `;` that ends the script is left out, as it is not known what the console makes of two in a row.
 *
 * @param nonce hexadecimal digits, fresh for every exec
 * @throws RangeError when the line is longer than {@link MAX_COMMAND_BYTES}.
 */
export function wrap(script: Script, nonce: string): string {
  const body = script.text.replace(/[; ]+$/, '');
  const ok = `:put ("OK"."${nonce}")`;
  const error = `:put ("ER"."${nonce}"." ".[:tostr $e]." "."${nonce}")`;
  const text = `:onerror e in={${body}; ${ok}} do={${error}}`;
  if (text.length > MAX_COMMAND_BYTES) {
    throw new RangeError(`a command of ${text.length} bytes is longer than ${MAX_COMMAND_BYTES}`);
  }
  return text;
}

/**
 * The text of an answer without control bytes, which JSON never holds raw and which consoles insert when they wrap, even
 * inside of tokens (docs/routeros.md, 1.1 and U11). They go first, as one may have landed inside a UTF-8 sequence.
 */
export function decodeOutput(output: Uint8Array): string {
  return Buffer.from(output.filter((byte) => byte >= 0x20 && byte !== 0x7f)).toString('utf8');
}

/**
 * Syntax errors, which the console finds before it runs anything (docs/routeros.md, 1.4). The list is short on purpose:
 * a text that is not in it leaves the outcome unknown, which is always right.
 */
const SYNTAX_ERROR =
  /^(?:bad command name|bad parameter|expected (?:end of command|command name|input value|item id)|syntax error)\b.*\(line \d+ column \d+\) *$/;

/** What RouterOS appends to the text of a caught `:error` (docs/routeros.md, 1.3). */
const ERROR_POSITION = / *\(:error; line \d+\) *$/;

const REFUSAL = /^(RC-[A-Z0-9-]+)(?: +(.*))?$/;

function shorten(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)}…`;
}

function errorFrom(text: string): RouterOsError {
  const message = text.replace(ERROR_POSITION, '').trim();
  const [, code, detail] = REFUSAL.exec(message) ?? [];
  return code === undefined
    ? new RouterOsError('failed', message)
    : new RouterOsError('refused', detail ?? '', { code });
}

function rowsFrom(body: string): readonly JsonRow[] {
  try {
    return parseRows(body);
  } catch (cause) {
    throw new RouterOsError('unknown', `the answer was mangled: ${shorten(body)}`, { cause });
  }
}

/**
 * Reads the answer to a line made by {@link wrap} with the same nonce and returns the rows it printed. Text after the
 * marker is ignored: a console may print what `:onerror` returns (docs/routeros.md, 1.3).
 *
 * @param note why the answer may be short, for the text of the error
 * @throws RouterOsError `refused` for an error of ours, with code and detail; `failed` for one of RouterOS; `rejected`
 *   when the whole answer is a syntax error; `unknown` for every other answer, a shortened one among them.
 */
export function parseAnswer(output: Uint8Array, nonce: string, note = ''): readonly JsonRow[] {
  if (output.length > MAX_ANSWER_BYTES) {
    throw new RouterOsError('unknown', `an answer of ${output.length} bytes is longer than ${MAX_ANSWER_BYTES}`);
  }
  const text = decodeOutput(output);
  const ok = text.indexOf(`OK${nonce}`);
  if (ok !== -1) {
    return rowsFrom(text.slice(0, ok));
  }
  const error = text.indexOf(`ER${nonce} `);
  const start = error + nonce.length + 3;
  const end = error === -1 ? -1 : text.indexOf(nonce, start);
  if (end !== -1) {
    throw errorFrom(text.slice(start, end));
  }
  if (SYNTAX_ERROR.test(text)) {
    throw new RouterOsError('rejected', shorten(text.trim()));
  }
  const came = shorten(text.trim()) || 'nothing came back';
  throw new RouterOsError('unknown', `the answer has no end${note && ` (${note})`}: ${came}`);
}
