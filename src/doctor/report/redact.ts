import { isIPv6 } from 'node:net';

const IPV4 = /\b\d{1,3}(?:\.\d{1,3}){3}\b/g;
const MAYBE_IPV6 = /(?<![\w:])[0-9a-f:]{3,}(?![\w:])/gi;
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
  return text.replaceAll(new RegExp(`(?<![\\w-])${literal}(?![\\w-])`, 'g'), instead);
}
