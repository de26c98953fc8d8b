/**
 * What makes a text safe to look at. Events of Kubernetes, names on an RDS, files and flags are written by others: none of
 * their characters may move the cursor, change colours, reorder what stands beside them, or begin a line of its own.
 */
import { UNSEEN } from '../schema/unseen.ts';

const EVERY = new RegExp(UNSEEN, 'gu');

/** A text on one line: what cannot be seen is shown as JSON escapes it; breaks of lines and tabs are blanks. */
export function oneLine(text: string): string {
  return text.replaceAll(/\r\n|[\n\r\t]/g, ' ').replaceAll(EVERY, escaped);
}

/** A text whose lines are its own: what cannot be seen is shown as JSON escapes it. */
export function visible(text: string): string {
  return text.replaceAll(EVERY, (character) => (character === '\n' ? character : escaped(character)));
}

/** {@link visible}, but for the colours of our own painter. What is painted has been made visible before. */
export function visiblyPainted(text: string): string {
  return text.replaceAll(EVERY, (character, at: number) =>
    character === '\n' || (character === '\x1b' && PAINT.test(text.slice(at + 1, at + 5)))
      ? character
      : escaped(character),
  );
}

/** Bold, dim, red, green, yellow, gray, and their ends. */
const PAINT = /^\[(?:1|2|22|31|32|33|39|90)m/;

/** A value as JSON, exact, in which everything that cannot be seen is escaped; JSON itself demands that of some only. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(EVERY, escaped);
}

function escaped(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');
}
