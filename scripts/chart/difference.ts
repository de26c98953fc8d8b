import { basename } from 'node:path';
import { run } from './helm.ts';

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@$/;

/**
 * What has to be done to a file to get a text, as `diff --unified=1` writes it, with the name of the file at its top.
 *
 * @throws Error when diff cannot read the file.
 */
export async function difference(base: string, text: string): Promise<string> {
  const labels = [`--label=${basename(base)}`, '--label=this'];
  const { code, output, complaints } = await run('diff', ['--unified=1', ...labels, base, '-'], { input: text });
  // 0 is for equal texts, 1 for different ones.
  if (code !== 0 && code !== 1) throw new Error(complaints);
  return output === '' ? `--- ${basename(base)}\n+++ this\n` : output;
}

/** The name of the file that a difference is from. @throws Error when it is not such a difference. */
export function baseOf(text: string): string {
  const [, name] = /^--- (\S+)\n/.exec(text) ?? [];
  if (name === undefined) throw new Error('a difference begins with "--- " and a name');
  return name;
}

/**
 * The text that {@link difference} was made for.
 *
 * @param base what is in the file.
 * @throws Error when the difference is from something else: it has to fit line by line.
 */
export function applied(base: string, text: string): string {
  const from = base.split('\n');
  const result: string[] = [];
  let next = 0;
  for (const line of text.split('\n').slice(2, -1)) {
    const hunk = HUNK.exec(line);
    const rest = line.slice(1);
    if (hunk) {
      // A hunk that takes no line away names the line that it comes behind.
      const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1);
      result.push(...from.slice(next, start));
      next = start;
    } else if (line.startsWith('+')) {
      result.push(rest);
    } else {
      if (from[next] !== rest) throw new Error(`line ${next + 1} is ${from[next]}, and not ${rest}`);
      if (line.startsWith(' ')) result.push(rest);
      next += 1;
    }
  }
  return [...result, ...from.slice(next)].join('\n');
}
