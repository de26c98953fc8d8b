import { pemKey } from '../../src/simulator/ssh/pem-key.testing.ts';
import { administer, type Door } from './administrator.ts';
import type { RunningRds } from './programs.ts';

/** An RDS to an administrator who sets up copies: the way in, the account of the driver, its pools. */
export type Administered = Door & Pick<RunningRds, 'user' | 'pools'>;

/** The account that an RDS logs in with to another one. */
export const RECEIVER = 'receive';

/** Lets one RDS log in to another, in the commands of docs/guides/second-rds.md without `address=`, which the simulator has not. */
export async function letSend(from: Administered, to: Administered): Promise<void> {
  const { pem, publicKey } = pemKey();
  await administer(to, [
    upload(`${top(to)}/transfer.pub`, publicKey),
    `/user/group/add name=${RECEIVER} policy=ssh,read,write`,
    `/user/add name=${RECEIVER} group=${RECEIVER}`,
    `/user/ssh-keys/import user=${RECEIVER} public-key-file=${top(to)}/transfer.pub`,
  ]);
  await administer(from, [
    upload(`${top(from)}/transfer`, pem),
    `/user/ssh-keys/private/import user=${from.user} private-key-file=${top(from)}/transfer`,
  ]);
}

function top({ pools: [pool] }: Administered): string {
  return pool?.mountPoint ?? '';
}

/** Makes a file of some lines, which an administrator would upload. */
function upload(name: string, text: string): string {
  return `/file/add name=${name} contents="${text.trimEnd().replaceAll('\n', '\\n')}"`;
}
