import { createHash } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { generateEd25519 } from './ed25519.ts';

/** The key by which a client recognises the simulator. */
export interface HostKey {
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`, as in a known_hosts file after the host name. */
  readonly publicKey: string;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

/** Reads the host key of a state directory, made at the first start. */
export async function loadHostKey(directory: string): Promise<HostKey> {
  const path = join(directory, 'ssh_host_ed25519_key');
  const fresh = `${path}.new`;
  await writeFile(fresh, generateEd25519('rose-csi simulator').privateKey, { mode: 0o600 });
  try {
    // Whole or not at all, and never in the place of an older one.
    await link(fresh, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(fresh, { force: true });
  }
  return describe(path, await readFile(path, 'utf8'));
}

function describe(path: string, privateKey: string): HostKey {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw new Error(`${path} is not a private key`, { cause: key });
  const blob = key.getPublicSSH();
  return {
    privateKey,
    publicKey: `${key.type} ${blob.toString('base64')}`,
    fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
  };
}
