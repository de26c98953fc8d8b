import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectJson, collectPool, parseLatency, parseListen } from './options.ts';

test('addresses to listen on', () => {
  assert.deepEqual(parseListen('127.0.0.1:2222'), { host: '127.0.0.1', port: 2222 });
  assert.deepEqual(parseListen('[::1]:0'), { host: '::1', port: 0 });
  for (const wrong of ['2222', '127.0.0.1', '127.0.0.1:70000', '::1:22', ':22']) {
    assert.throws(() => parseListen(wrong), /host:port/, wrong);
  }
});

test('pools', () => {
  const first = collectPool('label=pool');
  assert.deepEqual(first, [{ label: 'pool', mountPoint: 'pool' }]);
  const uuid = '11111111-2222-3333-4444-555555555555';
  assert.deepEqual(collectPool(`label=fast,size=512G,mount=nvme,uuid=${uuid}`, first), [
    ...first,
    { label: 'fast', mountPoint: 'nvme', sizeBytes: 512 * 2 ** 30, uuid },
  ]);
  assert.deepEqual(collectPool('label=real,path=/mnt/rds'), [{ label: 'real', mountPoint: 'real', path: '/mnt/rds' }]);
  for (const [wrong, text] of [
    ['size=1T', /label= is missing/],
    ['label=a,size=big', /size "big"/],
    ['label=a,colour=red', /"colour=red"/],
    ['label=a,label=b', /each once/],
    ['label', /"label"/],
  ] as const) {
    assert.throws(() => collectPool(wrong), text, wrong);
  }
});

test('latency', () => {
  assert.equal(parseLatency('5'), 5);
  assert.throws(() => parseLatency('-1'), /milliseconds/);
  assert.throws(() => parseLatency('5ms'), /milliseconds/);
});

test('values of JSON', () => {
  assert.deepEqual(collectJson('{"a":1}', collectJson('[]')), [[], { a: 1 }]);
  assert.throws(() => collectJson('{a}'), /write JSON/);
});
