import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unknownKeys } from './unknown-keys.ts';

const KNOWN = ['clusterId', 'host', 'port', 'privateKeyFile', 'ssh'];

test('a slip, another case and other separators are understood', () => {
  for (const [key, meant] of [
    ...(['clusterID', 'cluster_id', 'cluster-id', 'clusterIds', 'clutserId', 'custerId'] as const).map(
      (one) => [one, 'clusterId'] as const,
    ),
    ...(['prot', 'por', 'ports', 'Port', 'pott'] as const).map((one) => [one, 'port'] as const),
    ['privatekey_files', 'privateKeyFile'],
  ] as const) {
    assert.equal(unknownKeys([key], KNOWN), `"${key}" unknown; did you mean "${meant}"? known: ${KNOWN.join(', ')}`);
  }
});

test('what is like none is not guessed', () => {
  for (const key of ['nonsense', 'user', 'x', '', 'privateKey', '__proto__', 'x'.repeat(4000)]) {
    assert.doesNotMatch(unknownKeys([key], KNOWN), /did you mean/, key);
  }
  assert.equal(unknownKeys(['a'], []), '"a" unknown; there are none');
});

test('several keys are answered at once, each meant one named once', () => {
  assert.match(
    unknownKeys(['Host', 'hots', 'nonsense', 'prt'], KNOWN),
    /^"Host", "hots", "nonsense", "prt" unknown; did you mean "host", "port"\? known: /,
  );
});
