import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type Arguments, DeviceFailure, type Row } from '../../console/menu.ts';
import { parseAuthorizedKeys } from '../../ssh/authorized-keys.ts';
import { ONLY_ADMINISTRATORS } from '../accounts.ts';
import { textArgument } from '../arguments.ts';
import { failure, noMatch, noSuchItem, notSimulated } from '../failures.ts';
import type { Rds } from '../rds.ts';
import { type FileRecord, pathKey } from '../records.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { makeRow } from './rows.ts';

const MIN_RSA_BITS = 2048;

/**
 * `/user/ssh-keys`, with which an account may log in here, and `/user/ssh-keys/private`, with which it logs in elsewhere
 * (docs/routeros.md, 1.5).
 */
export function keyMenus(rds: Rds): DeviceMenu[] {
  return [publicKeyMenu(rds), privateKeyMenu(rds)];
}

function publicKeyMenu(rds: Rds): DeviceMenu {
  return defineMenu(rds, {
    path: '/user/ssh-keys',
    kind: 'list',
    policy: ONLY_ADMINISTRATORS,
    properties: ['user', 'key-type', 'info'],
    rows: async () => keyRows(rds, 'publicKey'),
    handlers: {
      async add(_ids, args) {
        refuseOthers(args, '/user/ssh-keys add', ['user', 'key']);
        const line = textArgument(args, 'key');
        if (line === undefined) throw failure('key must be specified');
        return putPublicKey(rds, userOf(rds, args), line);
      },
      async import(_ids, args) {
        refuseOthers(args, '/user/ssh-keys import', ['user', 'public-key-file']);
        const user = userOf(rds, args);
        await useUp(rds, args, 'public-key-file', (text) => putPublicKey(rds, user, text.trim()));
        return undefined;
      },
      remove: (ids) => removeKeys(rds, 'publicKey', ids),
    },
  });
}

function privateKeyMenu(rds: Rds): DeviceMenu {
  return defineMenu(rds, {
    path: '/user/ssh-keys/private',
    kind: 'list',
    policy: ONLY_ADMINISTRATORS,
    properties: ['user', 'key-type', 'info'],
    rows: async () => keyRows(rds, 'privateKey'),
    handlers: {
      async import(_ids, args) {
        refuseOthers(args, '/user/ssh-keys/private import', ['user', 'private-key-file']);
        const user = userOf(rds, args);
        await useUp(rds, args, 'private-key-file', (pem) => {
          const type = privateKeyType(pem);
          const record = { id: rds.state.nextId('privateKey'), user, type, pem };
          rds.state.commit({ put: 'privateKey', key: record.id, record });
        });
        return undefined;
      },
      remove: (ids) => removeKeys(rds, 'privateKey', ids),
    },
  });
}

function refuseOthers(args: Arguments, command: string, carriedOut: readonly string[]): void {
  for (const name of args.keys()) if (!carriedOut.includes(name)) throw notSimulated(`${command} ${name}=`);
}

/** Secrets are in no row (docs/routeros.md, 2). */
function keyRows(rds: Rds, table: 'publicKey' | 'privateKey'): Row[] {
  return [...rds.state.table(table).values()].map(({ id, user, type }) => makeRow(id, { user, 'key-type': type }));
}

function userOf(rds: Rds, args: Arguments): string {
  const user = textArgument(args, 'user');
  if (user === undefined) throw failure('user must be specified');
  if (!rds.accounts.exists(user)) throw noMatch('user');
  return user;
}

/** Hands the text of a file on, and deletes the file when that went well (docs/routeros.md, 1.5). */
async function useUp(rds: Rds, args: Arguments, argument: string, take: (text: string) => unknown): Promise<void> {
  const name = textArgument(args, argument);
  if (name === undefined) throw failure(`${argument} must be specified`);
  const file = fileNamed(rds, name);
  if (file?.contents === undefined) throw noMatch(argument);
  const { pool, path } = file;
  rds.requireWritable(pool, false);
  take(file.contents);
  rds.state.commit({ remove: 'file', key: pathKey(pool, path) });
  rds.usage.delete(pool, path);
  await rds.store.remove(pool, path);
}

function fileNamed(rds: Rds, name: string): FileRecord | undefined {
  const location = rds.locate(name);
  return location === undefined ? undefined : rds.state.table('file').get(pathKey(location.pool, location.path));
}

function putPublicKey(rds: Rds, user: string, line: string): string {
  let type: string | undefined;
  try {
    type = parseAuthorizedKeys(line)[0]?.type;
  } catch {
    throw unreadable();
  }
  if (type === undefined || line.includes('\n')) throw unreadable();
  const record = { id: rds.state.nextId('publicKey'), user, type: type.replace('ssh-', ''), line };
  rds.state.commit({ put: 'publicKey', key: record.id, record });
  return record.id;
}

/** PEM in the forms of PKCS#1 and PKCS#8; OpenSSH's own form is refused (docs/routeros.md, 1.5). */
function privateKeyType(pem: string): string {
  if (pem.includes('OPENSSH')) throw unreadable();
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw unreadable();
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= MIN_RSA_BITS) return type;
  if (type !== 'ed25519') throw unreadable();
  return type;
}

async function removeKeys(rds: Rds, table: 'publicKey' | 'privateKey', ids: readonly string[]): Promise<undefined> {
  for (const id of ids) if (!rds.state.table(table).has(id)) throw noSuchItem();
  rds.state.commit(...ids.map((key) => ({ remove: table, key })));
}

function unreadable(): DeviceFailure {
  return new DeviceFailure('unable to load key file (wrong format or bad passphrase)!');
}
