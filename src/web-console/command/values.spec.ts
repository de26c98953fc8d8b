import assert from 'node:assert/strict';
import { test } from 'node:test';
import { basePath, listenAddress } from './values.ts';

test('an address to listen on is an IP address, or all', () => {
  for (const text of ['127.0.0.1', '::', 'all']) assert.equal(listenAddress(text), text);
  for (const text of ['localhost', '127.0.0.1:80', '']) assert.throws(() => listenAddress(text), /IP address/);
});

test('a prefix begins with a slash, and a slash at its end is left out', () => {
  assert.deepEqual(['/', '/rose/', '/a/b-c', '/.a/..b'].map(basePath), ['', '/rose', '/a/b-c', '/.a/..b']);
  for (const text of ['rose', '/a b', '//x', '/a/../b?', '/<', '/..', '/a/../b', '/./a', '/a/.'])
    assert.throws(() => basePath(text), /no path/);
});
