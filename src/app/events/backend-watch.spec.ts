import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backend } from '../../storage/backend.ts';
import { watchBackend } from './backend-watch.ts';

test('an RDS that refused the login was reported as one that does not answer', () => {
  const told: string[] = [];
  let state: object = {
    breaker: 'open',
    lastFailure: { kind: 'unauthenticated', detail: 'the key file /key is empty' },
  };
  const watch = watchBackend({ name: 'rds1', rds: { state: () => state } } as unknown as Backend, {
    recorder: { record: (_about, { reason, message }) => void told.push(`${reason} ${message}`) },
    driver: { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', name: 'rds.rose-csi.io' },
    lastingMs: 0,
  });
  watch.look?.();
  state = { breaker: 'open', lastFailure: { kind: 'unreachable', detail: 'ECONNREFUSED' } };
  watch.look?.();
  state = { breaker: 'open', lastFailure: { kind: 'unknown', detail: 'it printed only "hello"' } };
  watch.look?.();
  state = { breaker: 'closed' };
  watch.look?.();
  assert.match(told[0] ?? '', /^BackendLoginFailed rds1: .*: the key file \/key is empty\. .*\[RDS-LOGIN\]$/);
  assert.match(told[1] ?? '', /^BackendUnreachable rds1: .*: ECONNREFUSED\. .*\[RDS-UNREACHABLE\]$/);
  assert.match(
    told[2] ?? '',
    /^BackendUnreachable rds1: the RDS gave no complete answer: .*"hello"\. .*\[RDS-UNKNOWN\]$/,
  );
  assert.deepEqual(told.slice(3), ['BackendReachable rds1 answers again']);
});
