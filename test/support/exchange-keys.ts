import { pemKey } from '../../src/simulator/ssh/pem-key.testing.ts';
import { administer, type Door } from './administrator.ts';
import type { RunningRds } from './programs.ts';

/** An RDS to an administrator who sets up copies: the way in, the account of the driver, its pools. */
export type Administered = Door & Pick<RunningRds, 'user' | 'pools'>;

/** The account that receives. */
export const RECEIVER = 'receive';

/**
 * Lets one simulated RDS send to another, in the commands of docs/guides/second-rds.md. Files are uploaded to the first pool of each.
 *
 * @param seenAs The address that the one comes from, as the other sees it.
 * @throws Error with the first command that has something to say.
 */
export async function exchangeKeys(from: Administered, to: Administered, seenAs = from.address): Promise<void> {
  const { pem, publicKey } = pemKey();
  const [publicFile, privateFile] = [`${mountOf(to)}/transfer.pub`, `${mountOf(from)}/transfer`];
  await administer(to, [
    upload(publicFile, publicKey),
    `/user/group/add name=${RECEIVER} policy=ssh,read,write`,
    `/user/add name=${RECEIVER} group=${RECEIVER} address=${seenAs}`,
    `/user/ssh-keys/import user=${RECEIVER} public-key-file=${publicFile}`,
  ]);
  await administer(from, [
    upload(privateFile, pem),
    `/user/ssh-keys/private/import user=${from.user} private-key-file=${privateFile}`,
  ]);
}

function mountOf({ pools: [pool] }: Administered): string {
  if (pool === undefined) throw new Error('an RDS without a pool has no place for a key');
  return pool.mountPoint;
}

/** Makes a file of some lines, which an administrator would upload. */
function upload(name: string, text: string): string {
  return `/file/add name=${name} contents="${text.trimEnd().replaceAll('\n', '\\n')}"`;
}
