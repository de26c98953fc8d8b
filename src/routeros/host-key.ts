import { createHash, createHmac } from 'node:crypto';

/** Where the RDS is: lines of known_hosts name the hosts that they are for. */
export interface HostAddress {
  readonly host: string;
  readonly port: number;
}

/** The host keys an RDS may show: at least one, and two while its key is being changed. */
export interface HostKeys {
  /** Whether this key, in SSH wire form, is one of the pinned, and not revoked. */
  matches(key: Uint8Array): boolean;
  /** Types that a pinned key has, or may have: a fingerprint does not report. Those that are known come first. */
  readonly types: readonly string[];
  /** The pinned keys as fingerprints, for display. */
  readonly fingerprints: readonly string[];
}

/** What one line says. */
export type HostKeyLine =
  | { readonly is: 'pinned' | 'revoked'; readonly fingerprint: string; readonly type: string | undefined }
  /** Nothing that can be pinned; `why` goes on behind the place of the line. */
  | { readonly is: 'none'; readonly why: string };

/** By type, the algorithms that sign with a key of it, best first; those with SHA-1 are left out (docs/routeros.md, 1.5). */
const ALGORITHMS = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
} as const;

type KeyType = keyof typeof ALGORITHMS;

/** Types of host keys, best first. */
export const HOST_KEY_TYPES: readonly string[] = Object.keys(ALGORITHMS);

/** What to ask for in order to be shown a key of these types, the first that the RDS has. */
export function hostKeyAlgorithms(types: readonly string[]): (typeof ALGORITHMS)[KeyType][number][] {
  return types.filter(isType).flatMap((type) => ALGORITHMS[type]);
}

/** `SHA256:` and 43 base64 digits, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a key in SSH wire form begins with; empty when it has none. */
export function keyType(key: Buffer): string {
  return key.length > 4 ? key.toString('latin1', 4, 4 + key.readUInt32BE(0)) : '';
}

/** A `SHA256:…` fingerprint, or a line of a `.pub` or `known_hosts` file, which may name hosts. */
export function hostKeyLine(line: string, at: HostAddress): HostKeyLine {
  const words = line.trim().split(/\s+/);
  const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
  if (marker !== undefined && marker !== '@revoked')
    return none(`begins with ${marker}; only plain keys can be pinned`);
  const is = marker === undefined ? 'pinned' : 'revoked';
  const given = /^(SHA256:[A-Za-z0-9+/]{43})=?$/.exec(words[0] ?? '')?.[1];
  if (given !== undefined) return { is, fingerprint: given, type: undefined };
  const found = words.findIndex((word, index) => isKeyOf(words[index - 1], word));
  const type = words[found - 1];
  if (type === undefined || found > 2) return none('is neither a SHA256:… fingerprint nor a line with a public key');
  if (!isType(type)) return none(`has a key of type ${type}, which is not used as a host key here`);
  const hosts = found === 2 ? words[0] : undefined;
  // What is known to be in wrong hands is refused wherever it is shown.
  if (is === 'pinned' && hosts !== undefined && !isFor(hosts, at)) {
    const name = hosts.startsWith('|') ? 'another host (its name is hashed)' : hosts;
    return none(`is for ${name} and not for ${at.host} port ${at.port}; without that first word it counts for any`);
  }
  return { is, fingerprint: fingerprint(Buffer.from(words[found] ?? '', 'base64')), type };
}

/**
 * Reads pinned host keys, each a line as {@link hostKeyLine} reads it. There is no way to accept any key: whoever answers
 * in the RDS's place would be handed the commands that delete volumes.
 *
 * @throws TypeError when there is none, or one that cannot be pinned.
 */
export function parseHostKeys(pins: readonly string[], at: HostAddress): HostKeys {
  return hostKeysOf(hostKeyLines(pins, at));
}

/** @throws TypeError for a line that cannot be pinned. */
export function hostKeyLines(pins: readonly string[], at: HostAddress): readonly HostKeyLine[] {
  return pins.map((pin) => {
    const line = hostKeyLine(pin, at);
    if (line.is === 'none') throw new TypeError(`${JSON.stringify(pin.trim().slice(0, 100))} ${line.why}`);
    return line;
  });
}

/** @throws TypeError when none is pinned. */
export function hostKeysOf(lines: readonly HostKeyLine[]): HostKeys {
  const revoked = new Set(lines.flatMap((line) => (line.is === 'revoked' ? [line.fingerprint] : [])));
  const pinned = lines.flatMap((line) => (line.is === 'pinned' && !revoked.has(line.fingerprint) ? [line] : []));
  if (pinned.length === 0) throw new TypeError('no host key is pinned');
  const fingerprints = new Set(pinned.map((line) => line.fingerprint));
  const known = pinned.flatMap(({ type }) => type ?? []);
  const possible = pinned.some(({ type }) => type === undefined) ? HOST_KEY_TYPES : [];
  return {
    matches: (key) => fingerprints.has(fingerprint(key)),
    types: [...new Set([...known, ...possible])],
    fingerprints: [...fingerprints],
  };
}

function none(why: string): HostKeyLine {
  return { is: 'none', why };
}

function isType(type: string): type is KeyType {
  return Object.hasOwn(ALGORITHMS, type);
}

/** Whether a word is the base64 of a whole key of the type: fields of SSH from the first byte to the last. */
function isKeyOf(type: string | undefined, base64: string): boolean {
  const key = Buffer.from(base64, 'base64');
  if (type === undefined || type === '' || keyType(key) !== type) return false;
  let end = 0;
  while (end + 4 <= key.length) end += 4 + key.readUInt32BE(end);
  return end === key.length;
}

/** Whether the hosts of a line, as sshd(8) describes them under SSH_KNOWN_HOSTS, are those of the RDS. */
function isFor(hosts: string, { host, port }: HostAddress): boolean {
  const names = [host.toLowerCase(), `[${host.toLowerCase()}]:${port}`];
  const [, kind, salt = '', hash] = hosts.split('|');
  if (kind === '1') {
    const digest = (name: string) => createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64');
    return names.some((name) => digest(name) === hash);
  }
  const patterns = hosts.toLowerCase().split(',');
  const fits = (pattern: string) => names.some((name) => glob(pattern).test(name));
  const isExcluded = patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)));
  return !isExcluded && patterns.some(fits);
}

function glob(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

/** Keys that are given are checked at once, those that are asked for whenever they are. @throws TypeError */
export function hostKeysReader({
  host,
  port = 22,
  hostKeys,
}: {
  readonly host: string;
  readonly port?: number;
  readonly hostKeys: readonly string[] | (() => Promise<HostKeys>);
}): () => Promise<HostKeys> {
  if (typeof hostKeys === 'function') return hostKeys;
  const keys = parseHostKeys(hostKeys, { host, port });
  return async () => keys;
}
