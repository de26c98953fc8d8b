import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { sized } from './private-key.ts';

/** A key pair as RouterOS exports one: the private key in PEM, and the line of the public key. */
export function pemKey(): { readonly pem: string; readonly publicKey: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const blob = Buffer.concat([sized(Buffer.from('ssh-ed25519')), sized(Buffer.from(x, 'base64url'))]);
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { pem, publicKey: `ssh-ed25519 ${blob.toString('base64')} transfer` };
}
