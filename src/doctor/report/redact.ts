import { isIPv6 } from 'node:net';

/** Where an escape of JSON or RouterOS ends: in `\n192.0.2.7` the letter is no part of what follows. */
const AFTER_ESCAPE = String.raw`(?<=\\(?:[bfnrt]|u[0-9a-fA-F]{4}|[0-9A-F]{2}))`;
const IPV4 = new RegExp(String.raw`(?:\b|${AFTER_ESCAPE})\d{1,3}(?:\.\d{1,3}){3}\b`, 'g');
/** A colon after an address may be that of a sentence. */
const MAYBE_IPV6 = new RegExp(String.raw`(?:(?<![\w:])|${AFTER_ESCAPE})[0-9a-fA-F:]{3,}?(?=:?(?![\w:]))`, 'g');
const FINGERPRINT = /SHA256:[A-Za-z0-9+/]{43}/g;

/** The text without addresses of either kind. */
export function withoutAddresses(text: string): string {
  return text.replaceAll(IPV4, '(address)').replaceAll(MAYBE_IPV6, (found) => (isIPv6(found) ? '(address)' : found));
}

/** The text without fingerprints of keys. */
export function withoutFingerprints(text: string): string {
  return text.replaceAll(FINGERPRINT, '(fingerprint)');
}

/** Replaces a text where it stands as a word of its own, so that a user `csi` does not eat up `rose-csi`. */
export function withoutWord(text: string, word: string, instead: string): string {
  const literal = word.replaceAll(/[\\^$.[\]()|*+?{}/-]/g, '\\$&');
  const whole = new RegExp(`(?:(?<![\\w-])|${AFTER_ESCAPE})${literal}(?![\\w-])`, 'g');
  return text.replaceAll(whole, () => instead);
}
