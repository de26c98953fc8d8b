import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedRun } from './shared-run.ts';

/** Work that ends when the test says so. */
function work() {
  const runs: { readonly signal: AbortSignal; readonly end: (outcome: string) => void }[] = [];
  const shared = new SharedRun<string>((signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    runs.push({ signal, end: resolve });
    signal.addEventListener('abort', () => reject(new Error('given up')));
    return promise;
  });
  return { shared, runs };
}

const patient = () => new AbortController().signal;

test('who asks while it is done gets its outcome, and who asks later that of another one', async () => {
  const { shared, runs } = work();
  const both = [shared.join(patient()), shared.join(patient())];
  runs[0]?.end('first');
  assert.deepEqual(await Promise.all(both), ['first', 'first']);
  const next = shared.join(patient());
  runs[1]?.end('second');
  assert.equal(await next, 'second');
});

test('one that had enough took the work from all others that waited for it', async () => {
  const { shared, runs } = work();
  const giving = new AbortController();
  const first = shared.join(giving.signal);
  const second = shared.join(patient());
  giving.abort();
  await assert.rejects(first, /RDS-CANCELLED/);
  assert.equal(runs[0]?.signal.aborted, false);
  runs[0]?.end('done');
  assert.equal(await second, 'done');
});

test('when no one waits any more it is given up, and who asks next begins another one', async () => {
  const { shared, runs } = work();
  const giving = new AbortController();
  const joined = [shared.join(giving.signal), shared.join(giving.signal)];
  giving.abort();
  assert.equal((await Promise.allSettled(joined)).filter(({ status }) => status === 'rejected').length, 2);
  assert.equal(runs[0]?.signal.aborted, true);
  await assert.rejects(shared.join(AbortSignal.abort()), /RDS-CANCELLED/);
  const next = shared.join(patient());
  runs.at(-1)?.end('done');
  assert.equal(await next, 'done');
});
