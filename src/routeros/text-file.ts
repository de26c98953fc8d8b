import { readFile } from 'node:fs/promises';
import { reasonOf } from '../failures/system-error.ts';

/**
 * The text of a small file that users make, with or without a byte order mark.
 *
 * @param what it is, for messages: `the key file`
 * @throws Error that names the file and what is wrong with it, and holds nothing of its content.
 */
export async function readTextFile(what: string, file: string): Promise<string> {
  const content = await readFile(file).catch((cause: unknown) => {
    throw new Error(reasonOf(cause, `${what} ${file}`), { cause });
  });
  // In UTF-16 every other byte of such a file is zero; PowerShell writes it with `>`.
  if (content.includes(0)) {
    throw new Error(`${what} ${file} is not plain text; if it is UTF-16: iconv -f UTF-16 -t UTF-8 ${file} > NEW`);
  }
  const text = content.toString('utf8').replace(/^\uFEFF/, '');
  if (text.trim() === '') throw new Error(`${what} ${file} is empty`);
  return text;
}
