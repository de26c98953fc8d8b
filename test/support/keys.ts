import { generateEd25519, type KeyPair } from '../../src/simulator/ssh/ed25519.ts';

/** A fresh key pair for one test. */
export function generateKey(): KeyPair {
  return generateEd25519('rose-csi-test');
}
