import { createHash } from 'node:crypto';

/** The host keys a box may show: at least one, and two while its key is being changed. */
export interface HostKeys {
  /** Whether this key, in SSH wire form, is one of the pinned. */
  matches(key: Uint8Array): boolean;
}

/** `SHA256:` and 43 base64 digits, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The key in a line of a `.pub` or `known_hosts` file: the base64 after the name of the type that it begins with. */
function publicKeyOf(line: string): Uint8Array | undefined {
  const words = line.split(/\s+/);
  for (const [index, word] of words.entries()) {
    const key = Buffer.from(word, 'base64');
    const type = words[index - 1];
    if (type !== undefined && key.length > 4 && key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1') === type) {
      return key;
    }
  }
  return undefined;
}

function fingerprintOf(pin: string): string {
  const text = pin.trim();
  const given = /^SHA256:[A-Za-z0-9+/]{43}(?==?$)/.exec(text)?.[0];
  if (given !== undefined) {
    return given;
  }
  const key = publicKeyOf(text);
  if (key === undefined) {
    throw new TypeError(`neither a SHA256:… fingerprint nor a public key line: ${JSON.stringify(text.slice(0, 100))}`);
  }
  return fingerprint(key);
}

/**
 * Reads pinned host keys, each a `SHA256:…` fingerprint or a public key line as OpenSSH writes it. There is no way to
 * accept any key: whoever answers in the box's place would be handed the commands that delete volumes.
 *
 * @throws TypeError when there is none, or one that is neither.
 */
export function parseHostKeys(pins: readonly string[]): HostKeys {
  if (pins.length === 0) {
    throw new TypeError('no host key is pinned');
  }
  const pinned = new Set(pins.map(fingerprintOf));
  return { matches: (key) => pinned.has(fingerprint(key)) };
}
