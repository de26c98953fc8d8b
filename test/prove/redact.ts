import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { withoutAddresses, withoutFingerprints, withoutWord } from '../../src/doctor/report/redact.ts';

/** A text that must not get out, and what stands in its place. */
export type Secret = readonly [text: string, instead: string];

/** What transcripts say of this machine, such as the paths in the stack of an error, which often have the name of a user. */
export const OF_THIS_MACHINE: readonly Secret[] = (
  [
    [join(import.meta.dirname, '../..'), '(repository)'],
    [homedir(), '(home)'],
    [hostname(), '(this machine)'],
  ] as const
).filter(([text]) => text !== '/');

/** What holds a secret, or identifies a device or a licence (`/system/license`, `/system/routerboard`). */
const NAMES = 'password|passphrase|secret|private-key|shared-key|serial(?:[- ]n(?:umber|o))?|software-id|system-id';
/** Quoted, also in a text that is quoted itself and where the end is missing, or one word. */
const VALUE = String.raw`(\\*)".*?(?:(?<!\\)\3"|$)|[^\s";,}\\]+`;

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // Also one whose end was cut off, or whose begin.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]+-----|$)/gs, '(key)'],
  [/\bb3BlbnNzaC1rZXkt(?:[A-Za-z0-9+/=]{8,}(?:\\+[nr]|\s)*)+/g, '(key)'],
  // By how the type begins that is the first thing in each.
  [/(?:\b[\w.@-]+ )?\bAAAA[BCEGI][23n][A-Za-z0-9+/=]{8,}/g, '(public key)'],
  [/(?<![0-9a-f])[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4,}(?![0-9a-f])/gi, '(mac)'],
  [new RegExp(String.raw`(${NAMES})(\\*["']?[ \t]*[=:][ \t]*)(?:${VALUE})`, 'gis'), '$1$2(removed)'],
  [/\b[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}\b/gi, '(mail)'],
];

/**
 * A text without keys, fingerprints, addresses, serial numbers and the given secrets, wherever they stand. Loopback is no
 * address of anyone's and is removed all the same.
 *
 * @param secrets host names, accounts, passwords, paths of keys: where they stand as words of their own.
 */
export function redacted(text: string, secrets: readonly Secret[]): string {
  // The longest first, since one may be a part of another.
  const known = secrets
    .filter(([secret]) => secret !== '')
    .flatMap(([secret, instead]): Secret[] => [
      [secret, instead],
      [JSON.stringify(secret).slice(1, -1), instead],
    ])
    .toSorted(([a], [b]) => b.length - a.length);
  const unknown = known.reduce((left, [secret, instead]) => withoutWord(left, secret, instead), text);
  const clean = PATTERNS.reduce((left, [pattern, instead]) => left.replaceAll(pattern, instead), unknown);
  return withoutAddresses(withoutFingerprints(clean));
}
