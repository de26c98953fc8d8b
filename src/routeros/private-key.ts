import { createPrivateKey, type KeyObject } from 'node:crypto';
import ssh2 from 'ssh2';
import { readTextFile } from './text-file.ts';

/** What RouterOS takes (docs/routeros.md, 1.5), by the names of SSH. */
const TYPES: readonly string[] = ['ssh-ed25519', 'ssh-rsa'];
const NEW_KEY = "a new one: ssh-keygen -t ed25519 -N '' -f NEW";

/** What is often put in the place of a private key, by how it begins, and what to do. */
const OTHERS: readonly (readonly [begin: RegExp, what: (file: string) => string])[] = [
  [/^PuTTY-User-Key-File-/, (file) => `is a key of PuTTY; convert it: puttygen ${file} -O private-openssh -o NEW`],
  [
    /^(-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----|[a-z0-9@.-]+-cert-v0\d@openssh\.com )/,
    () => 'is a certificate; the private key that belongs to it is needed',
  ],
  [
    /^(-----BEGIN (RSA |DSA |EC )?PUBLIC KEY-----|---- BEGIN SSH2 PUBLIC KEY ----|(ssh|ecdsa|sk)-[a-z0-9@.-]+ AAAA)/,
    () => 'is a public key, which belongs on the RDS; the private key that was made with it is needed',
  ],
];

/** A block of PEM with a private key. What stands around it, such as `EC PARAMETERS` or attributes, does not matter. */
const BLOCK = /^-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----$.*?^-----END \1-----$/ms;

/**
 * The private key in a file, unencrypted, in a form that ssh2 takes: that of OpenSSH, the older one of OpenSSL, or PKCS#8,
 * which is converted in memory.
 *
 * @throws Error that names the file, says what it is instead, and how to make it usable; never with a part of it.
 */
export async function readPrivateKey(file: string): Promise<string> {
  const name = 'the key file';
  const text = (await readTextFile(name, file))
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .join('\n')
    .trim();
  const refuse = (why: string): Error => new Error(`${name} ${file} ${why}`);
  const other = OTHERS.find(([begin]) => begin.test(text));
  if (other !== undefined) throw refuse(other[1](file));
  const [block, label] = BLOCK.exec(text) ?? [];
  if (block === undefined || label === undefined) {
    throw refuse('holds no whole private key: none from a line -----BEGIN … PRIVATE KEY----- to its -----END');
  }
  if (label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: 4,ENCRYPTED$/m.test(block)) {
    throw refuse(
      `has a passphrase, and the driver has no one to ask for it; a copy without: openssl pkey -in ${file} -out NEW`,
    );
  }
  const isOpenSsh = label === 'OPENSSH PRIVATE KEY';
  if (isOpenSsh && isEncrypted(block)) {
    throw refuse(
      `has a passphrase, and the driver has no one to ask for it; take it off a copy: cp ${file} NEW && ssh-keygen -p -N '' -f NEW`,
    );
  }
  const key = isOpenSsh ? block : converted(block);
  const type = key === undefined ? undefined : typeOf(key);
  if (key === undefined || type === undefined)
    throw refuse(`is damaged, or of a kind that is not known here; ${NEW_KEY}`);
  if (!TYPES.includes(type)) throw refuse(`is a key of type ${type}, and RouterOS takes Ed25519 and RSA; ${NEW_KEY}`);
  return key;
}

/**
 * The type of a key that one can sign with; undefined where one cannot. An error of ssh2 is not passed on: it may quote what
 * it could not read.
 */
function typeOf(key: string): string | undefined {
  try {
    const parsed = ssh2.utils.parseKey(key);
    return parsed instanceof Error || parsed.sign('') instanceof Error ? undefined : parsed.type;
  } catch {
    return undefined;
  }
}

/** Whether the cipher in a key of OpenSSH is another than `none`. */
function isEncrypted(block: string): boolean {
  const data = Buffer.from(block.split('\n').slice(1, -1).join(''), 'base64');
  const [magic, cipher] = ['openssh-key-v1\0', '\0\0\0\u0004none'];
  return (
    data.toString('latin1', 0, magic.length) === magic &&
    !data.subarray(magic.length).toString('latin1').startsWith(cipher)
  );
}

/** A key of PKCS#8 or OpenSSL as ssh2 takes it; undefined when there is no way. */
function converted(pem: string): string | undefined {
  try {
    const key = createPrivateKey(pem);
    switch (key.asymmetricKeyType) {
      case 'rsa':
        return key.export({ type: 'pkcs1', format: 'pem' }).toString();
      case 'ec':
        return key.export({ type: 'sec1', format: 'pem' }).toString();
      case 'ed25519':
        return openSshEd25519(key);
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

/** An Ed25519 key in OpenSSH's own form, the only one that ssh2 reads (PROTOCOL.key of OpenSSH). */
function openSshEd25519(key: KeyObject): string {
  const { d = '', x = '' } = key.export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const type = Buffer.from('ssh-ed25519');
  // Two equal numbers, by which a reader knows that it has deciphered rightly; then the key, a comment, and 1, 2, 3, ….
  const body = Buffer.concat([
    Buffer.alloc(8),
    ...[type, point, Buffer.concat([seed, point]), Buffer.alloc(0)].map(field),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, at) => at + 1));
  const none = field(Buffer.from('none'));
  const data = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    none,
    none,
    field(Buffer.alloc(0)),
    Buffer.from([0, 0, 0, 1]),
    field(Buffer.concat([field(type), field(point)])),
    field(Buffer.concat([body, padding])),
  ]);
  const lines = data.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

/** A field of SSH: its length in four bytes, then itself. */
function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
