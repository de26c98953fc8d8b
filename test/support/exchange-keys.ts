import { pemKey } from '../../src/simulator/ssh/pem-key.testing.ts';
import { administer } from './administrator.ts';
import type { RunningRds } from './programs.ts';

/** The account that receives. */
export const RECEIVER = 'receive';

/**
 * Lets one simulated RDS send to another, in the commands of docs/guides/second-rds.md. Files are uploaded to the first pool of each.
 *
 * @throws Error with the first command that has something to say.
 */
export async function exchangeKeys(from: RunningRds, to: RunningRds): Promise<void> {
  const { pem, publicKey } = pemKey();
  const [publicFile, privateFile] = [`${mountOf(to)}/transfer.pub`, `${mountOf(from)}/transfer`];
  await administer(to, [
    upload(publicFile, publicKey),
    `/user/group/add name=${RECEIVER} policy=ssh,read,write`,
    `/user/add name=${RECEIVER} group=${RECEIVER} address=${from.address}`,
    `/user/ssh-keys/import user=${RECEIVER} public-key-file=${publicFile}`,
  ]);
  await administer(from, [
    upload(privateFile, pem),
    `/user/ssh-keys/private/import user=${from.user} private-key-file=${privateFile}`,
  ]);
}

function mountOf({ pools: [pool] }: RunningRds): string {
  if (pool === undefined) throw new Error('an RDS without a pool has no place for a key');
  return pool.mountPoint;
}

/** Makes a file of some lines, which an administrator would upload. */
function upload(name: string, text: string): string {
  return `/file/add name=${name} contents="${text.trimEnd().replaceAll('\n', '\\n')}"`;
}
