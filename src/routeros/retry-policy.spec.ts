import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouterOsError, type RouterOsErrorKind } from './errors.ts';
import { defaultRetryPolicy, Retries } from './retry-policy.ts';

const never = new AbortController().signal;

/** The default rules without their pauses. */
const rules = defaultRetryPolicy.rules.map((rule) => ({ ...rule, firstPauseMs: 0, maxPauseMs: 0 }));

/** Fails with the given kinds in turn, then succeeds; returns how often it was tried and the final error's kind. */
async function attempts(kinds: readonly RouterOsErrorKind[]): Promise<{ tried: number; end: string }> {
  let tried = 0;
  const attempt = async (): Promise<string> => {
    const kind = kinds[tried];
    tried += 1;
    if (kind !== undefined) {
      throw new RouterOsError(kind, `attempt ${tried}`);
    }
    return 'ok';
  };
  const end = await new Retries(rules).run(attempt, never).catch((error: RouterOsError) => error.kind);
  return { tried, end };
}

test('the default retry policy repeats trouble on the way to the RDS four times', async () => {
  for (const kind of ['unreachable', 'unsent', 'unknown'] as const) {
    assert.deepEqual(await attempts(Array(4).fill(kind)), { tried: 5, end: 'ok' });
    assert.deepEqual(await attempts(Array(9).fill(kind)), { tried: 5, end: kind });
  }
});

test('the default retry policy repeats a failed command once, after trouble too', async () => {
  assert.deepEqual(await attempts(['failed']), { tried: 2, end: 'ok' });
  assert.deepEqual(await attempts(['failed', 'failed']), { tried: 2, end: 'failed' });
  assert.deepEqual(await attempts(['unknown', 'failed']), { tried: 3, end: 'ok' });
  assert.deepEqual(await attempts(['unknown', 'failed', 'failed']), { tried: 3, end: 'failed' });
});

test('the default retry policy never repeats what will not change', async () => {
  for (const kind of ['refused', 'rejected', 'cancelled', 'unauthenticated'] as const) {
    assert.deepEqual(await attempts([kind]), { tried: 1, end: kind });
  }
});

test('the default retry policy does not take a bug for trouble', async () => {
  let tried = 0;
  const attempt = async (): Promise<never> => {
    tried += 1;
    throw new TypeError('a bug');
  };
  await assert.rejects(new Retries(rules).run(attempt, never), TypeError);
  assert.equal(tried, 1);
});

test('Retries never says that nothing ran once an answer was lost', async () => {
  assert.equal((await attempts(['unknown', 'cancelled'])).end, 'unknown');
  assert.equal(
    (await attempts(['unknown', 'unreachable', 'unreachable', 'unreachable', 'unreachable'])).end,
    'unknown',
  );
});

test('Retries makes no attempt when it is over before it began', async () => {
  const reason = new RouterOsError('cancelled', 'over');
  const attempt = async (): Promise<never> => assert.fail('an attempt was made');
  await assert.rejects(new Retries(rules).run(attempt, AbortSignal.abort(reason)), reason);
});
