import { readFile } from 'node:fs/promises';
import { parseAllDocuments, type YAMLParseError } from 'yaml';
import { reasonOf } from '../failures/system-error.ts';
import { ConfigError } from './problems.ts';

/**
 * The one document of a YAML or JSON file (YAML includes JSON).
 *
 * @throws ConfigError that names the file, and the line that cannot be read.
 */
export async function readDocument(file: string): Promise<unknown> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new ConfigError(`${file} cannot be read: ${reasonOf(error, 'it')}`, { cause: error });
  });
  // In UTF-16 every other byte of such a file is zero; PowerShell writes it with `>`.
  if (bytes.includes(0)) {
    throw new ConfigError(`${file} is no text; if it is UTF-16: iconv -f UTF-16 -t UTF-8 ${file} > NEW`);
  }
  return parseDocument(bytes.toString('utf8').replace(/^\uFEFF/, ''), file);
}

/** As {@link readDocument}, of a text; `origin` names it in messages. */
export function parseDocument(text: string, origin: string): unknown {
  const documents = parseAllDocuments(text, { prettyErrors: false });
  const [first, second] = documents;
  const [error] = documents.flatMap(({ errors }) => errors);
  if (error !== undefined) throw new ConfigError(`${origin} is neither YAML nor JSON: ${words(error, text)}`);
  if (second !== undefined) {
    throw new ConfigError(`${origin} holds ${documents.length} YAML documents, divided by ---; a configuration is one`);
  }
  try {
    return first?.toJS() ?? null;
  } catch (cause) {
    // Such as an alias of something that is not there.
    throw new ConfigError(`${origin} is neither YAML nor JSON: ${reasonOf(cause)}`, { cause });
  }
}

const WORDS: Readonly<Record<string, string>> = {
  BAD_INDENT: 'it is not indented as the lines around it',
  BLOCK_AS_IMPLICIT_KEY: 'a second "key:" stands on the same line; does a value need quotes?',
  DUPLICATE_KEY: 'this key is there twice',
  MISSING_CHAR: 'a bracket, brace, quote, comma or blank is missing',
  TAB_AS_INDENT: 'it is indented by a tab; write blanks',
  UNEXPECTED_TOKEN: 'something stands where nothing can; does a value need quotes?',
};

function words({ code, message, pos }: YAMLParseError, text: string): string {
  const before = text.slice(0, pos[0]).split('\n');
  const line = text.split('\n')[before.length - 1] ?? '';
  const [placeholder] = /\$\{[^}]*\}?/.exec(line) ?? [];
  const why =
    placeholder === undefined
      ? (WORDS[code] ?? message)
      : `${placeholder} is still to be replaced: nothing is substituted in this file`;
  return `line ${before.length}: ${why}\n    ${line.trim().slice(0, 100)}`;
}
