import { styleText } from 'node:util';
import { oneLine } from './printable.ts';

/** Columns that every text fits. */
const LEAST_COLUMNS = 80;

/**
 * Columns that a text on standard output may take: those of the terminal, or of `COLUMNS` where there is none, but never
 * fewer than {@link LEAST_COLUMNS}.
 */
export function columns(stream: { readonly columns?: number } = process.stdout, env = process.env): number {
  const known = stream.columns ?? Number(env['COLUMNS']);
  return Number.isInteger(known) ? Math.max(LEAST_COLUMNS, known) : LEAST_COLUMNS;
}

/** Whether standard output shows colours: a terminal, unless `NO_COLOR` is set (https://no-color.org). */
export function hasColour(): boolean {
  return process.stdout.isTTY === true && !process.env['NO_COLOR'];
}

type Style = Parameters<typeof styleText>[0];

/** Paints a text in a style, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** @param colour whether the reader sees colours */
export function painter(colour: boolean): Paint {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}

/**
 * Breaks a text between words. A word that is longer than a line gets one of its own, so that it can be copied whole. What
 * cannot be seen is shown, so that the lines can be painted.
 *
 * @param indent in front of every line but the first
 */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text)
    .split(/\s+/)
    .filter((one) => one !== '')) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** Breaks a text between words, and within one that is longer than a line: no line is longer than `width`. */
export function fold(text: string, width: number): string[] {
  const whole = oneLine(text)
    .split(/\s+/)
    .flatMap((word) => word.match(new RegExp(`.{1,${width}}`, 'gs')) ?? []);
  return wrap(whole.join(' '), width);
}

/** Folds those lines of a text that are longer than `width`, each under its own indentation; the others stay as they are. */
export function foldLines(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => {
      if (line.length <= width) return [line];
      const [indent = ''] = /^ */.exec(line) ?? [];
      return wrap(line, width - indent.length, '  ').map((part) => `${indent}${part}`);
    })
    .join('\n');
}
