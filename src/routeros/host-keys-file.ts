import { type HostAddress, type HostKeys, hostKeyLine, hostKeyLines, hostKeysOf, parseHostKeys } from './host-key.ts';
import { readTextFile } from './text-file.ts';

/** Where the RDS is, and where its host keys are pinned. */
export interface HostKeySources extends HostAddress {
  /** Lines that have to be right, each. */
  readonly hostKeys: readonly string[];
  /** More of them, one a line, as `ssh-keyscan` prints them. Empty lines and those that begin with `#` do not count. */
  readonly hostKeysFile?: string | undefined;
}

/**
 * The host keys that are pinned for an RDS. A line of the file that cannot be used takes no other away: it is reported.
 *
 * @param warn is reported each such line, with its place
 * @throws Error when none is left, the file cannot be read, or a line of `hostKeys` cannot be used.
 */
export async function readHostKeys(sources: HostKeySources, warn: (problem: string) => void): Promise<HostKeys> {
  const { hostKeys, hostKeysFile: file } = sources;
  if (file === undefined) return parseHostKeys(hostKeys, sources);
  const given = hostKeyLines(hostKeys, sources);
  const problems: string[] = [];
  const text = await readTextFile('the file of host keys', file);
  const lines = text.split(/\r\n|\r|\n/).flatMap((content, index) => {
    if (/^\s*(#|$)/.test(content)) return [];
    const line = hostKeyLine(content, sources);
    if (line.is === 'none') problems.push(`${file} line ${index + 1} ${line.why}`);
    return [line];
  });
  try {
    const keys = hostKeysOf([...given, ...lines]);
    for (const problem of problems) warn(problem);
    return keys;
  } catch (cause) {
    throw new Error([`${file} pins no host key of this RDS`, ...problems].join('; '), { cause });
  }
}
