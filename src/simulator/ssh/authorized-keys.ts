import { createPublicKey } from 'node:crypto';
import ssh2, { type ParsedKey, type PublicKeyAuthContext } from 'ssh2';

const MIN_RSA_BITS = 2048;
const RSA_HASHES: ReadonlySet<string | undefined> = new Set(['sha256', 'sha512']);

/**
 * Reads the text of an OpenSSH authorized_keys file. The device takes Ed25519 keys and RSA keys of 2048 bits or more
 * (docs/routeros.md, 1.5); lines with options are refused rather than misunderstood.
 *
 * @throws Error that names the line, or when there is no key at all.
 */
export function parseAuthorizedKeys(text: string): ParsedKey[] {
  const keys: ParsedKey[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.trim();
    if (content !== '' && !content.startsWith('#')) keys.push(parseKeyLine(content, index + 1));
  }
  if (keys.length === 0) {
    throw new Error('no authorised key: put the line of a public key there, such as `ssh-keygen -t ed25519` makes');
  }
  return keys;
}

/**
 * Whether a client's answer to publickey authentication is good. Before the signature it is only asked whether the key
 * would do. RSA with SHA-1 is refused.
 */
export function isAuthorised(keys: readonly ParsedKey[], context: PublicKeyAuthContext): boolean {
  const key = keys.find((candidate) => candidate.getPublicSSH().equals(context.key.data));
  if (key === undefined || key.type !== context.key.algo) return false;
  if (key.type === 'ssh-rsa' && !RSA_HASHES.has(context.hashAlgo)) return false;
  if (context.signature === undefined || context.blob === undefined) return true;
  return key.verify(context.blob, context.signature, context.hashAlgo) === true;
}

function parseKeyLine(line: string, number: number): ParsedKey {
  if (!/^ssh-(ed25519|rsa) /.test(line)) {
    throw new Error(`authorised keys, line ${number}: only plain ssh-ed25519 and ssh-rsa keys are taken`);
  }
  const key = ssh2.utils.parseKey(line);
  if (key instanceof Error) throw new Error(`authorised keys, line ${number}: unreadable`, { cause: key });
  if (key.type === 'ssh-rsa') {
    const bits = createPublicKey(key.getPublicPEM()).asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits < MIN_RSA_BITS) throw new Error(`authorised keys, line ${number}: an RSA key needs ${MIN_RSA_BITS} bits`);
  }
  return key;
}
