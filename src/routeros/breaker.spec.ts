import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Breaker, type Outcome } from './breaker.ts';
import { NotSent, RouterOsError, type RouterOsErrorKind } from './errors.ts';

const fails = async (kind: RouterOsErrorKind): Promise<Outcome<string>> => ({ error: new RouterOsError(kind, 'no') });
const works = async (): Promise<Outcome<string>> => ({ value: 'yes' });

function frozenClock({ mock }: TestContext): (ms: number) => void {
  mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
  return (ms) => mock.timers.tick(ms);
}

/** Milliseconds until an attempt would be let through. */
function restOfBreak(breaker: Breaker, tick: (ms: number) => void): number {
  let passed = 0;
  for (; !breaker.closed; passed += 1) {
    tick(1);
  }
  return passed;
}

test('Breaker doubles its breaks up to the longest, spread over their upper half', async (context) => {
  const tick = frozenClock(context);
  const breaker = new Breaker({ failures: 1, firstBreakMs: 100, maxBreakMs: 350 });
  for (const longest of [100, 200, 350, 350]) {
    await breaker.run(() => fails('unreachable'));
    const pause = restOfBreak(breaker, tick);
    assert.ok(pause >= longest / 2 && pause <= longest, `${pause} of ${longest}`);
  }
});

test('Breaker begins with a short break again after a success', async (context) => {
  const tick = frozenClock(context);
  const breaker = new Breaker({ failures: 1, firstBreakMs: 100, maxBreakMs: 10_000 });
  for (const attempt of [() => fails('unknown'), () => fails('unknown'), works, () => fails('unknown')]) {
    await breaker.run(attempt);
    tick(breaker.closed ? 0 : 200);
  }
  assert.ok(breaker.closed);
});

test('Breaker makes no attempt during a break', async (context) => {
  frozenClock(context);
  const breaker = new Breaker({ failures: 1, firstBreakMs: 100, maxBreakMs: 100 });
  await breaker.run(() => fails('unreachable'));
  await assert.rejects(
    breaker.run(() => assert.fail('an attempt was made')),
    { kind: 'unreachable' },
  );
});

test('Breaker answered everyone but the first that the RDS did not answer, whatever had been the matter', async (context) => {
  frozenClock(context);
  for (const [kind, repeated] of [
    ['unauthenticated', 'unauthenticated'],
    ['unreachable', 'unreachable'],
    ['unknown', 'unreachable'],
  ] as const) {
    const breaker = new Breaker({ failures: 1, firstBreakMs: 1500, maxBreakMs: 1500 });
    assert.deepEqual([breaker.lastFailure], [undefined]);
    await breaker.run(async () => ({ error: new RouterOsError(kind, 'the key file /key does not exist') }));
    for (const error of [breaker.rejection(), await breaker.run(works).catch((thrown: RouterOsError) => thrown)]) {
      assert.ok(error instanceof NotSent);
      assert.deepEqual([error.kind, error.mayStillRun, error.because.kind], [repeated, false, kind]);
      assert.equal(
        error.detail,
        'not sent, and no new attempt for up to 2 s; the last attempt failed: the key file /key does not exist',
      );
    }
    assert.equal(breaker.lastFailure?.detail, 'the key file /key does not exist');
  }
});

test('Breaker piled up what was said of one failure', async (context) => {
  const tick = frozenClock(context);
  const breaker = new Breaker({ failures: 1, firstBreakMs: 1000, maxBreakMs: 1000 });
  const hello = new RouterOsError('unknown', 'it printed only "hello"');
  await breaker.run(async () => ({ error: new NotSent('not sent, as the uptime cannot be read', hello) }));
  const told = breaker.rejection();
  tick(1000);
  await breaker.run(async () => ({ error: told }));
  for (const { detail, because } of [told, breaker.rejection()]) {
    assert.equal(because, hello);
    assert.equal(
      detail,
      'not sent, and no new attempt for up to 1 s; the last attempt failed: it printed only "hello"',
    );
  }
});

test('Breaker lets one attempt decide for those that come with it', async (context) => {
  const tick = frozenClock(context);
  const breaker = new Breaker({ failures: 1, firstBreakMs: 100, maxBreakMs: 100 });
  await breaker.run(() => fails('unreachable'));
  tick(100);
  let attempts = 0;
  const attempt = async (): Promise<Outcome<string>> => {
    attempts += 1;
    return fails('unreachable');
  };
  const results = await Promise.allSettled([1, 2, 3].map(() => breaker.run(attempt)));
  assert.equal(attempts, 1);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  );
});

test('Breaker is open during a break, half-open after it, and closed by an attempt that succeeds', async (context) => {
  const tick = frozenClock(context);
  const breaker = new Breaker({ failures: 1, firstBreakMs: 100, maxBreakMs: 100 });
  const states = [breaker.state];
  await breaker.run(() => fails('unreachable'));
  states.push(breaker.state);
  tick(100);
  states.push(breaker.state);
  await breaker.run(async () => {
    states.push(breaker.state);
    return await works();
  });
  states.push(breaker.state);
  assert.deepEqual(states, ['closed', 'open', 'half-open', 'half-open', 'closed']);
});

test('Breaker counts only trouble on the way to the RDS', async () => {
  const breaker = new Breaker({ failures: 1, firstBreakMs: 1e6, maxBreakMs: 1e6 });
  for (const kind of ['refused', 'failed', 'rejected', 'cancelled'] as const) {
    await breaker.run(() => fails(kind));
    assert.ok(breaker.closed, kind);
  }
  await breaker.run(() => fails('unknown'));
  assert.ok(!breaker.closed);
  const other = new Breaker({ failures: 1, firstBreakMs: 1e6, maxBreakMs: 1e6 });
  await other.run(() => fails('unauthenticated'));
  assert.ok(!other.closed);
});
