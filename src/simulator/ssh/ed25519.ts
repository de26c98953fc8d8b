import ssh2 from 'ssh2';

/** Bytes of an Ed25519 key in SSH form: two lengths, the name `ssh-ed25519`, and the 32-byte point. */
const PUBLIC_BLOB_BYTES = 4 + 11 + 4 + 32;

/** A key pair in OpenSSH's text forms. */
export interface KeyPair {
  readonly privateKey: string;
  /** One line: type, base64, comment. */
  readonly publicKey: string;
}

/**
 * Makes an Ed25519 key pair. ssh2 drops leading zero bytes of the point, which spoils one key in 256; such a key is
 * thrown away.
 */
export function generateEd25519(comment: string): KeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
    const blob = Buffer.from(pair.public.split(' ')[1] ?? '', 'base64');
    if (blob.length === PUBLIC_BLOB_BYTES) return { privateKey: pair.private, publicKey: pair.public };
  }
}
