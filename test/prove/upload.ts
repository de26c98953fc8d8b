import { basename } from 'node:path';
import { Client, type SFTPWrapper } from 'ssh2';

/**
 * Copies a package to a virtual machine of ours, where it is installed at the next restart.
 *
 * @param at port of its SSH on loopback, and the password of `admin`.
 * @throws Error when it cannot be copied.
 */
export async function uploadPackage(
  file: string,
  at: { readonly sshPort: number; readonly password: string },
): Promise<void> {
  const client = new Client();
  try {
    await new Promise<void>((resolve, reject) => {
      client.on('ready', () => resolve()).on('error', reject);
      client.connect({ host: '127.0.0.1', port: at.sshPort, username: 'admin', password: at.password });
    });
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
      client.sftp((error, found) => (error === undefined ? resolve(found) : reject(error)));
    });
    await new Promise<void>((resolve, reject) => {
      sftp.fastPut(file, basename(file), (error) => (error == null ? resolve() : reject(error)));
    });
  } catch (cause) {
    throw new Error(`${file} could not be copied to the machine: ${String(cause)}`, { cause });
  } finally {
    client.end();
  }
}
