import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasProgram } from '../support/capability.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/fetch-routeros.sh');

/** Runs the script of the workflow with a file that stands for the download. @returns its status and where it put things. */
function fetchFile(t: TestContext, content: string, sha256: string) {
  const folder = mkdtempSync(join(tmpdir(), 'rose-csi-fetch-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const download = join(folder, 'chr-7.24.5.img');
  writeFileSync(download, content);
  const env = { ...process.env, IMAGE: `file://${download}`, IMAGE_SHA256: sha256 };
  const { status } = spawnSync('bash', [SCRIPT, join(folder, 'routeros')], { env });
  return { status, image: join(folder, 'routeros/chr.img') };
}

test('the workflow takes an image whose checksum is the one that was said', (t) => {
  if (!hasProgram(t, 'curl')) return;
  const { status, image } = fetchFile(t, 'image', createHash('sha256').update('image').digest('hex'));
  assert.equal(status, 0);
  assert.equal(readFileSync(image, 'utf8'), 'image');
});

test('the workflow keeps no image of another checksum', (t) => {
  if (!hasProgram(t, 'curl')) return;
  const { status, image } = fetchFile(t, 'image', createHash('sha256').update('other').digest('hex'));
  assert.notEqual(status, 0);
  assert.ok(!existsSync(image));
});

test('a checksum that was none, or that of another file in a line before, let any image through', (t) => {
  if (!hasProgram(t, 'curl')) return;
  const ofNothing = createHash('sha256').update('').digest('hex');
  for (const sha256 of ['', `${ofNothing}  /dev/null\njunk`, `${ofNothing}  /dev/null`]) {
    const { status, image } = fetchFile(t, 'image', sha256);
    assert.notEqual(status, 0);
    assert.ok(!existsSync(image));
    assert.ok(!existsSync(join(dirname(image), 'download')));
  }
});
