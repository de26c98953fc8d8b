import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type Arguments, DeviceFailure, type Row } from '../../console/menu.ts';
import { parseAuthorizedKeys } from '../../ssh/authorized-keys.ts';
import { ONLY_ADMINISTRATORS } from '../accounts.ts';
import { textArgument } from '../arguments.ts';
import type { Box } from '../box.ts';
import { failure, noMatch, noSuchItem, notSimulated } from '../failures.ts';
import { type FileRecord, pathKey } from '../records.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { makeRow } from './rows.ts';

const MIN_RSA_BITS = 2048;

/**
 * `/user/ssh-keys`, with which an account may log in here, and `/user/ssh-keys/private`, with which it logs in elsewhere
 * (docs/routeros.md, 1.5).
 */
export function keyMenus(box: Box): DeviceMenu[] {
  return [publicKeyMenu(box), privateKeyMenu(box)];
}

function publicKeyMenu(box: Box): DeviceMenu {
  return defineMenu(box, {
    path: '/user/ssh-keys',
    kind: 'list',
    policy: ONLY_ADMINISTRATORS,
    properties: ['user', 'key-type', 'info'],
    rows: async () => keyRows(box, 'publicKey'),
    handlers: {
      async add(_ids, args) {
        refuseOthers(args, '/user/ssh-keys add', ['user', 'key']);
        const line = textArgument(args, 'key');
        if (line === undefined) throw failure('key must be specified');
        return putPublicKey(box, userOf(box, args), line);
      },
      async import(_ids, args) {
        refuseOthers(args, '/user/ssh-keys import', ['user', 'public-key-file']);
        const user = userOf(box, args);
        await useUp(box, args, 'public-key-file', (text) => putPublicKey(box, user, text.trim()));
        return undefined;
      },
      remove: (ids) => removeKeys(box, 'publicKey', ids),
    },
  });
}

function privateKeyMenu(box: Box): DeviceMenu {
  return defineMenu(box, {
    path: '/user/ssh-keys/private',
    kind: 'list',
    policy: ONLY_ADMINISTRATORS,
    properties: ['user', 'key-type', 'info'],
    rows: async () => keyRows(box, 'privateKey'),
    handlers: {
      async import(_ids, args) {
        refuseOthers(args, '/user/ssh-keys/private import', ['user', 'private-key-file']);
        const user = userOf(box, args);
        await useUp(box, args, 'private-key-file', (pem) => {
          const type = privateKeyType(pem);
          const record = { id: box.state.nextId('privateKey'), user, type, pem };
          box.state.commit({ put: 'privateKey', key: record.id, record });
        });
        return undefined;
      },
      remove: (ids) => removeKeys(box, 'privateKey', ids),
    },
  });
}

function refuseOthers(args: Arguments, command: string, carriedOut: readonly string[]): void {
  for (const name of args.keys()) if (!carriedOut.includes(name)) throw notSimulated(`${command} ${name}=`);
}

/** Secrets are in no row (docs/routeros.md, 2). */
function keyRows(box: Box, table: 'publicKey' | 'privateKey'): Row[] {
  return [...box.state.table(table).values()].map(({ id, user, type }) => makeRow(id, { user, 'key-type': type }));
}

function userOf(box: Box, args: Arguments): string {
  const user = textArgument(args, 'user');
  if (user === undefined) throw failure('user must be specified');
  if (!box.accounts.exists(user)) throw noMatch('user');
  return user;
}

/** Hands the text of a file on, and deletes the file when that went well (docs/routeros.md, 1.5). */
async function useUp(box: Box, args: Arguments, argument: string, take: (text: string) => unknown): Promise<void> {
  const name = textArgument(args, argument);
  if (name === undefined) throw failure(`${argument} must be specified`);
  const file = fileNamed(box, name);
  if (file?.contents === undefined) throw noMatch(argument);
  const { pool, path } = file;
  box.requireWritable(pool, false);
  take(file.contents);
  box.state.commit({ remove: 'file', key: pathKey(pool, path) });
  box.usage.delete(pool, path);
  await box.store.remove(pool, path);
}

function fileNamed(box: Box, name: string): FileRecord | undefined {
  const location = box.locate(name);
  return location === undefined ? undefined : box.state.table('file').get(pathKey(location.pool, location.path));
}

function putPublicKey(box: Box, user: string, line: string): string {
  let type: string | undefined;
  try {
    type = parseAuthorizedKeys(line)[0]?.type;
  } catch {
    throw unreadable();
  }
  if (type === undefined || line.includes('\n')) throw unreadable();
  const record = { id: box.state.nextId('publicKey'), user, type: type.replace('ssh-', ''), line };
  box.state.commit({ put: 'publicKey', key: record.id, record });
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

async function removeKeys(box: Box, table: 'publicKey' | 'privateKey', ids: readonly string[]): Promise<undefined> {
  for (const id of ids) if (!box.state.table(table).has(id)) throw noSuchItem();
  box.state.commit(...ids.map((key) => ({ remove: table, key })));
}

function unreadable(): DeviceFailure {
  return new DeviceFailure('unable to load key file (wrong format or bad passphrase)!');
}
