/** Text that fits a terminal of so many columns. */

/**
 * Breaks a text between words; a word that is longer than a line gets one of its own, so that it can be copied whole.
 *
 * @param indent in front of every line but the first
 */
export function wrap(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    if (line.trim() !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = `${indent}${word}`;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** Cuts a line that is longer than the terminal at its end, where uuids of siblings differ no less than elsewhere. */
export function shorten(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
