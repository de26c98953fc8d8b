import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { staleSocket, temporaryDirectory } from './services.fixture.ts';
import { claimSocket, socketPath } from './socket.ts';

test('endpoints', async (t) => {
  await t.test('a unix address gives an absolute path', () => {
    assert.equal(socketPath('unix:///csi/csi.sock'), '/csi/csi.sock');
    assert.equal(socketPath('unix:/csi/csi.sock'), '/csi/csi.sock');
    assert.equal(socketPath('unix:csi.sock'), join(process.cwd(), 'csi.sock'));
  });
  for (const endpoint of [
    '',
    'tcp://0.0.0.0:10000',
    '127.0.0.1:9000',
    '/csi/csi.sock',
    'unix:',
    'unix://',
    'unix://csi.sock',
    'unix:////csi.sock',
    'unix:/a\0b',
  ]) {
    await t.test(`refused: ${JSON.stringify(endpoint)}`, () => {
      assert.throws(() => socketPath(endpoint), /must be unix:\/\/\/path\/to\.sock/);
    });
  }
  await t.test('a path that does not fit into sun_path is refused', () => {
    assert.equal(socketPath(`unix:///${'a'.repeat(106)}`).length, 107);
    assert.throws(() => socketPath(`unix:///${'a'.repeat(107)}`), /longer than the 107 bytes/);
  });
});

test('a socket that a dead process left is removed', async (t) => {
  const path = join(await temporaryDirectory(t), 'csi.sock');
  await staleSocket(path);
  assert.ok((await lstat(path)).isSocket());
  await claimSocket(path);
  await assert.rejects(lstat(path), { code: 'ENOENT' });
});

test('a socket that someone serves is not touched', async (t) => {
  const path = join(await temporaryDirectory(t), 'csi.sock');
  const server = createServer((socket) => socket.end()).listen(path);
  await once(server, 'listening');
  t.after(() => server.close());
  await assert.rejects(claimSocket(path), { message: /^another process already serves ".*csi\.sock"/ });
  assert.ok((await lstat(path)).isSocket());
});

test('a file that is not a socket is not touched', async (t) => {
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'file');
  await writeFile(file, 'precious');
  await mkdir(join(directory, 'directory'));
  await symlink(file, join(directory, 'link'));
  for (const name of ['file', 'directory', 'link']) {
    await assert.rejects(claimSocket(join(directory, name)), { message: /is not a socket/ });
  }
  assert.equal(await readFile(file, 'utf8'), 'precious');
});

test('the directory of the socket must exist', async (t) => {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, 'file'), '');
  const missing = { message: /directory of the CSI socket, ".*", does not exist/ };
  await assert.rejects(claimSocket(join(directory, 'no', 'csi.sock')), missing);
  await assert.rejects(claimSocket(join(directory, 'file', 'csi.sock')), missing);
});

test('the directory of the socket may be a link', async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, 'real'));
  await symlink(join(directory, 'real'), join(directory, 'link'));
  await claimSocket(join(directory, 'link', 'csi.sock'));
});
