import ssh2 from 'ssh2';

/** A fresh ed25519 key pair for one test. */
export function generateKey(): { readonly privateKey: string; readonly publicKey: string } {
  const { private: privateKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519');
  return { privateKey, publicKey };
}
