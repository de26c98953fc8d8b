import { parseUptime } from './clock.ts';
import { RouterOsError } from './errors.ts';
import { parseRows } from './json.ts';
import type { JsonRow } from './routeros.ts';
import { ros, type Script } from './script.ts';

/** The longest line that is sent, in bytes; what the device would take is not known (docs/routeros.md, U15). */
export const MAX_COMMAND_BYTES = 4096;

/** The longest answer that is read, in bytes; scripts aim for 48 KiB (docs/routeros.md, U21). */
export const MAX_ANSWER_BYTES = 1024 * 1024;

/** Eight hex digits that no other exec has, for a script that writes something again. */
export const freshDigits: Script = ros`[:pick $xN 0 8]`;

/** What a script that writes has until then, as `xU`; it begins no sooner than it knows that it is in time. */
function dueBy(uptimeSeconds: number): string {
  return `:local xU ${uptimeSeconds}s;:if ([/system/resource get uptime]>=$xU) do={:error "${LATE}"};`;
}

/**
 * One line that runs the script and tells by a marker how it went, since the exit status says nothing
 * (docs/routeros.md, 1.1 and 1.3). The markers are put together on the device, so that an echo of the command is never
 * taken for an answer; the text of an error is followed by the nonce, so that a shortened one is never taken for whole.
 * Behind the marker stands the uptime of the device. The script has the nonce as `xN`. A `;` that ends the script is left out, as it is not known what the
 * console makes of two in a row.
 *
 * @param nonce hexadecimal digits, fresh for every exec
 * @param uptimeSeconds from when on a script that writes must not; undefined for one that only reads.
 * @throws RangeError when the line is longer than {@link MAX_COMMAND_BYTES}.
 */
export function wrap(script: Script, nonce: string, uptimeSeconds?: number): string {
  const body = script.text.replace(/[; ]+$/, '');
  const due = uptimeSeconds === undefined ? '' : dueBy(uptimeSeconds);
  const ok = ':put ("OK".$xN." ".[/system/resource get uptime])';
  const error = ':put ("ER".$xN." ".[:tostr $e]." ".$xN)';
  const text = `:local xN "${nonce}";:onerror e in={${due}${body === '' ? '' : `${body};`}${ok}} do={${error}}`;
  if (text.length > MAX_COMMAND_BYTES) {
    throw new RangeError(`a command of ${text.length} bytes is longer than ${MAX_COMMAND_BYTES}`);
  }
  return text;
}

/** The longest uptime that a command can carry, in seconds: what the length of a line is judged by before it is sent. */
export const LONGEST_UPTIME = 9_999_999_999;

/** The refusal of a script that was to write and came too late for it. */
const LATE = 'RC-LATE';

/**
 * The text of an answer without control bytes, which JSON never holds raw and which consoles insert when they wrap, even
 * inside of tokens (docs/routeros.md, 1.1 and U11). They go first, as one may have landed inside a UTF-8 sequence.
 */
function decodeOutput(output: Uint8Array): string {
  // Not by `filter`, which makes a list of numbers first: of a whole inventory, 100 MB of garbage.
  const kept = Buffer.allocUnsafe(output.length);
  let length = 0;
  for (const byte of output) {
    if (byte < 0x20 || byte === 0x7f) continue;
    kept[length] = byte;
    length += 1;
  }
  return kept.toString('utf8', 0, length);
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
  if (code === LATE) {
    return new RouterOsError('late', 'the RDS ran the command so late that it changed nothing');
  }
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

/** An intact answer. */
export interface Answer {
  /** What the script printed. */
  readonly rows: readonly JsonRow[];
  /** How long the device had been up when the script ended, in whole seconds; undefined where that was cut off. */
  readonly uptimeSeconds: number | undefined;
}

/**
 * Reads the answer to a line made by {@link wrap} with the same nonce. Text after marker and uptime is ignored: a console
 * may print what `:onerror` returns (docs/routeros.md, 1.3).
 *
 * @param note why the answer may be short, for the text of the error
 * @throws RouterOsError `refused` for an error of ours, with code and detail; `failed` for one of RouterOS; `late` when
 *   the script found that it must not write any more; `rejected` when the whole answer is a syntax error; `unknown` for
 *   every other answer, a shortened one among them.
 */
export function parseAnswer(output: Uint8Array, nonce: string, note = ''): Answer {
  if (output.length > MAX_ANSWER_BYTES) {
    throw new RouterOsError('unknown', `an answer of ${output.length} bytes is longer than ${MAX_ANSWER_BYTES}`);
  }
  const text = decodeOutput(output);
  const ok = text.indexOf(`OK${nonce}`);
  if (ok !== -1) {
    // What is printed behind it follows at once, as line breaks are control bytes.
    const [, uptime = ''] = /^ ((?:\d+w)?(?:\d+d)?\d+:\d\d:\d\d)/.exec(text.slice(ok + nonce.length + 2)) ?? [];
    return { rows: rowsFrom(text.slice(0, ok)), uptimeSeconds: parseUptime(uptime) };
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
  const came = shorten(text.trim());
  const what = came === '' ? 'it printed nothing' : `it printed only "${came}"`;
  throw new RouterOsError('unknown', `${what}${note && ` (${note})`}`);
}
