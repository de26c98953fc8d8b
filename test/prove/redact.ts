import { withoutAddresses, withoutFingerprints, withoutWord } from '../../src/doctor/report/redact.ts';

/** A text that must not get out, and what stands in its place. */
export type Secret = readonly [text: string, instead: string];

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----/gs, '(key)'],
  [/\b(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-\S+) AAAA[A-Za-z0-9+/=]+/g, '(public key)'],
  [/\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/gi, '(mac)'],
  // What identifies a device or a licence (`/system/license`, `/system/routerboard`).
  [/\b(serial-number|serial|software-id|system-id)(["']?[=:]\s*)"?[^\s";,}]+"?/gi, '$1$2(removed)'],
  [/\b(password=)"[^"]*"/g, '$1"(removed)"'],
];

/**
 * A text without keys, fingerprints, addresses, serial numbers and the given secrets, wherever they stand. Loopback is no
 * address of anyone's and is removed all the same.
 *
 * @param secrets host names, accounts, passwords, paths of keys: where they stand as words of their own.
 */
export function redacted(text: string, secrets: readonly Secret[]): string {
  const patterned = PATTERNS.reduce((clean, [pattern, instead]) => clean.replaceAll(pattern, instead), text);
  // The longest first, since one may be a part of another.
  const known = secrets.filter(([secret]) => secret !== '').toSorted(([a], [b]) => b.length - a.length);
  const clean = known.reduce((left, [secret, instead]) => withoutWord(left, secret, instead), patterned);
  return withoutAddresses(withoutFingerprints(clean));
}
