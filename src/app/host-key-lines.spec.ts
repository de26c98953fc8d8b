import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostKeyLines } from './host-key-lines.ts';

test('keys are read one a line, whatever ends it, without comments', () => {
  const text = '# rds1:22 SSH-2.0-ROSSSH\r\nrds1 ssh-ed25519 AAAA\r\n\n  SHA256:abc\n';
  assert.deepEqual(hostKeyLines(text), ['rds1 ssh-ed25519 AAAA', 'SHA256:abc']);
  assert.deepEqual(hostKeyLines(''), []);
});

test('a revoked key is not pinned by accident', () => {
  assert.throws(() => hostKeyLines('@revoked * ssh-ed25519 AAAA\n'), /begins with "@revoked"/);
});
