import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readHostKeys } from './host-keys-file.ts';

const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIA3GnJ2GKhXt6w3zqFrWvdZwOUE+r6c+vGKi8qerU3Lb';
const FINGERPRINT = 'SHA256:MC/8094n1BTGK9PQBkItVyDyiO4z0ZtCrOtzbKEe67s';
const OTHER = `SHA256:${'A'.repeat(43)}`;
const RDS = { host: '192.0.2.1', port: 22, hostKeys: [] };

/** What is pinned by a file with this content, and what was warned of. */
async function read(t: TestContext, content: string | Buffer, hostKeys: readonly string[] = []) {
  const directory = await mkdtemp(join(tmpdir(), 'rose-host-keys-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const hostKeysFile = join(directory, 'hostkeys');
  await writeFile(hostKeysFile, content);
  const warnings: string[] = [];
  const told = (text: string) => text.replaceAll(hostKeysFile, 'FILE');
  const pinned = await readHostKeys({ ...RDS, hostKeys, hostKeysFile }, (problem) => warnings.push(told(problem))).then(
    ({ fingerprints }) => fingerprints,
    (error: Error) => told(error.message),
  );
  return { pinned, warnings };
}

test('keys are read one a line, whatever ends it, without comments, beside those of the configuration', async (t) => {
  const text = `\uFEFF# 192.0.2.1:22 SSH-2.0-ROSSSH\r\n192.0.2.1 ssh-ed25519 ${KEY}\r\n\n  # end\n`;
  assert.deepEqual(await read(t, text), { pinned: [FINGERPRINT], warnings: [] });
  assert.deepEqual((await read(t, text, [OTHER])).pinned, [OTHER, FINGERPRINT]);
});

test('one line that could not be used took all good ones away', async (t) => {
  const lines = [
    'ssh-ed25519 AAAA',
    `@cert-authority * ssh-ed25519 ${KEY}`,
    `192.0.2.9 ssh-ed25519 ${KEY}`,
    FINGERPRINT,
  ];
  assert.deepEqual(await read(t, lines.join('\n')), {
    pinned: [FINGERPRINT],
    warnings: [
      'FILE line 1 is neither a SHA256:… fingerprint nor a line with a public key',
      'FILE line 2 begins with @cert-authority; only plain keys can be pinned',
      'FILE line 3 is for 192.0.2.9 and not for 192.0.2.1 port 22; without that first word it counts for any',
    ],
  });
});

test('a file that pins nothing says of each line why', async (t) => {
  const { pinned, warnings } = await read(t, `192.0.2.9 ssh-ed25519 ${KEY}\nnonsense\n`);
  assert.match(
    String(pinned),
    /^FILE pins no host key of this RDS; FILE line 1 is for 192\.0\.2\.9 .*; FILE line 2 is neither/,
  );
  assert.deepEqual(warnings, []);
  assert.match(String((await read(t, '# none yet\n')).pinned), /^FILE pins no host key of this RDS$/);
  assert.match(String((await read(t, '')).pinned), /^the file of host keys FILE is empty$/);
  const utf16 = Buffer.from(`\uFEFF${FINGERPRINT}\n`, 'utf16le');
  assert.match(String((await read(t, utf16)).pinned), /is not plain text; if it is UTF-16: iconv/);
  assert.match(String((await read(t, `@revoked * ssh-ed25519 ${KEY}\n${FINGERPRINT}\n`)).pinned), /pins no host key/);
});

test('a mistake in the configuration itself is not passed over', async (t) => {
  assert.match(String((await read(t, FINGERPRINT, ['SHA256:short'])).pinned), /^"SHA256:short" is neither a SHA256/);
});

test('a file that is not there is named', async () => {
  const reading = readHostKeys({ ...RDS, hostKeysFile: '/nowhere/keys' }, () => assert.fail());
  await assert.rejects(reading, { message: 'the file of host keys /nowhere/keys does not exist' });
});
