import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import type { Backend } from '../../storage/backend.ts';
import { watchBox } from './box-watch.ts';

test('a pool at 0 bytes was told of minutes after calls had been refused for it', async (t) => {
  const stopping = new AbortController();
  const told: (string | undefined)[] = [];
  let [free, reads, looks, refusedAt] = [900n, 0, 0, Number.NEGATIVE_INFINITY];
  const rds = {
    settings: { pools: [{ label: 'pool' }], reserveBytes: 10n },
    state: () => {
      looks += 1;
      return { breaker: 'closed' };
    },
    run: async () => {
      reads += 1;
      return new Map([['pool', { size: 1000n, free, promised: 0n }]]);
    },
  };
  const watch = watchBox({ name: 'rds1', rds } as unknown as Backend, {
    teller: { tell: (_about, { reason, subject }) => void told.push(`${reason} ${subject}`) },
    driver: { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', name: 'rds.rose-csi.io' },
    ...{ lastingMs: 6, refusedAt: () => refusedAt, signal: stopping.signal },
  });
  t.after(async () => {
    stopping.abort();
    await watch;
  });
  await until(async () => looks > 20);
  assert.deepEqual([reads, told], [1, []]);
  free = 0n;
  refusedAt = performance.now();
  await until(async () => told.length > 0);
  const seen = looks;
  await until(async () => looks > seen + 20);
  assert.deepEqual([reads, told], [2, ['PoolNearlyFull rds1/pool']]);
});

test('a box that refused the login was told of as one that does not answer', async (t) => {
  const stopping = new AbortController();
  const told: string[] = [];
  const state = {
    current: {
      breaker: 'open',
      lastFailure: { kind: 'unauthenticated', detail: 'the key file /key is empty' },
    } as object,
  };
  const rds = {
    settings: { pools: [], reserveBytes: 0n },
    state: () => state.current,
    run: async () => new Map(),
  };
  const watch = watchBox({ name: 'rds1', rds } as unknown as Backend, {
    teller: { tell: (_about, { reason, message }) => void told.push(`${reason} ${message}`) },
    driver: { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', name: 'rds.rose-csi.io' },
    ...{ lastingMs: 6, refusedAt: () => Number.NEGATIVE_INFINITY, signal: stopping.signal },
  });
  t.after(async () => {
    stopping.abort();
    await watch;
  });
  await until(async () => told.length > 0);
  assert.match(
    told[0] ?? '',
    /^BoxLoginFailed rds1: the driver does not get to log in, so .*: the key file \/key is empty$/,
  );
  state.current = { breaker: 'open', lastFailure: { kind: 'unreachable', detail: 'ECONNREFUSED' } };
  await until(async () =>
    told.some((one) => /^BoxUnreachable rds1: it does not answer over SSH, so .*: ECONNREFUSED$/.test(one)),
  );
  state.current = { breaker: 'closed' };
  await until(async () => told.includes('BoxReachable rds1 answers again'));
});
