import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURES, type FailureCode } from '../../src/failures/catalogue.ts';
import { remedyOf } from '../../src/failures/message.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { clusterStateOf } from '../../src/why/case.fixture.ts';
import { explain } from '../../src/why/explain.ts';
import { healthy } from '../../src/why/objects.fixture.ts';

test('every failure is explained by its row, whatever a sidecar puts around it', async () => {
  const cluster = await clusterStateOf({ objects: healthy() });
  for (const code of Object.keys(FAILURES) as FailureCode[]) {
    const { message } = new StorageError(code, 'rds1:pvc-1', '12');
    const { why, next, command } = explain(`rpc error: code = Unknown desc = ${message}`, cluster, 'node-a');
    assert.equal(why.toLowerCase(), `${FAILURES[code].what}.`.toLowerCase());
    assert.equal(next, `${remedyOf(code) || 'Follow the message'}.`);
    assert.equal(command === undefined, FAILURES[code].command === undefined, code);
    assert.doesNotMatch(command ?? '', /\{logs\}/);
  }
});

test('the words of Kubernetes itself, and what no one knows', async () => {
  const cluster = await clusterStateOf({ objects: healthy() });
  const said: readonly (readonly [string, RegExp])[] = [
    [
      'error generating accessibility requirements: no topology key found for node node-a',
      /has not registered yet, or is older/,
    ],
    ['context deadline exceeded', /longer than its deadline/],
    ['whatever', /message below says it/],
  ];
  for (const [message, words] of said) assert.match(explain(message, cluster).why, words, message);
});

test('what a node says is never explained as trouble of the way to the RDS over SSH', async () => {
  const cluster = await clusterStateOf({ objects: healthy() });
  const codes = Object.keys(FAILURES).filter((code): code is FailureCode => code.startsWith('NODE-'));
  const said = [
    ...codes.map((code) => new StorageError(code, 'rds1:pvc-1').message),
    'rds1:pvc-1: spawn nvme ENOENT',
    'connection error: desc = "transport: dial unix /csi/csi.sock: connect: connection refused"',
    'error reading from server: EOF',
  ];
  for (const words of said) {
    const { next, command } = explain(`rpc error: code = Unavailable desc = ${words}`, cluster, 'node-a');
    assert.doesNotMatch(`${next} ${command}`, /doctor|controller/, words);
  }
});
