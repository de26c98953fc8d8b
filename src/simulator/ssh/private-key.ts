import { createPrivateKey } from 'node:crypto';

const TYPE = 'ssh-ed25519';

/**
 * A private key in PEM, PKCS#1 or PKCS#8, as ssh2 reads one: it knows Ed25519 in OpenSSH's own form only.
 *
 * @throws Error when it is neither RSA nor Ed25519.
 */
export function openSshKey(pem: string): string {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' }).toString();
  const { crv, x = '', d = '' } = key.export({ format: 'jwk' });
  if (crv !== 'Ed25519') throw new Error(`a key of type ${key.asymmetricKeyType} is not taken`);
  const [point, seed] = [Buffer.from(x, 'base64url'), Buffer.from(d, 'base64url')];
  const secret = padded([Buffer.alloc(8), text(TYPE), sized(point), sized(Buffer.concat([seed, point])), text('')]);
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    text('none'),
    text('none'),
    text(''),
    uint32(1),
    sized(Buffer.concat([text(TYPE), sized(point)])),
    sized(secret),
  ]);
  const lines = blob.toString('base64').replaceAll(/.{70}/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** Filled up to a multiple of 8 with 1, 2, 3 and so on. */
function padded(parts: readonly Buffer[]): Buffer {
  const all = Buffer.concat(parts);
  return Buffer.concat([all, Buffer.from(Array.from({ length: (8 - (all.length % 8)) % 8 }, (_, index) => index + 1))]);
}

function text(value: string): Buffer {
  return sized(Buffer.from(value));
}

/** Behind its length, as SSH sends a string (RFC 4251, 5). */
export function sized(data: Buffer): Buffer {
  return Buffer.concat([uint32(data.length), data]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
