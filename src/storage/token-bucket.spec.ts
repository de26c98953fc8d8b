import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenBucket } from './token-bucket.ts';

const patient = { signal: new AbortController().signal };

/** A clock that only waiting and the test move on. */
function clock() {
  const time = { now: 0 };
  const wait = async (ms: number) => {
    time.now += ms;
  };
  return { time, options: { now: () => time.now, wait } };
}

test('there are never more calls in a span of time than the burst and what the rate adds in it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 60 }),
      async (ratePerMinute, burst, pauses) => {
        const { time, options } = clock();
        const bucket = new TokenBucket({ ratePerMinute, burst, ...options });
        const taken: number[] = [];
        for (const ms of pauses) {
          time.now += ms;
          await bucket.take(patient);
          taken.push(time.now);
        }
        for (const [first, from] of taken.entries()) {
          for (let last = first; last < taken.length; last += 1) {
            const span = (taken[last] ?? 0) - from;
            assert.ok(last - first + 1 <= burst + (span * ratePerMinute) / 60_000 + 1e-6);
          }
        }
      },
    ),
  );
});

test('a call whose turn comes after its deadline is told at once, and takes no token', async () => {
  const { time, options } = clock();
  const bucket = new TokenBucket({ ratePerMinute: 1, burst: 1, ...options });
  await bucket.take(patient);
  const hasty = { ...patient, deadline: Date.now() + 10_000 };
  await assert.rejects(bucket.take(hasty), { kind: 'busy', message: /the next turn is in 60 s/ });
  time.now += 60_000;
  await bucket.take(hasty);
});

test('a call that is cancelled while it waits gives its token back', async () => {
  const { time, options } = clock();
  const caller = new AbortController();
  const bucket = new TokenBucket({
    ...{ ratePerMinute: 1, burst: 1, now: options.now },
    wait: async () => {
      caller.abort();
      caller.signal.throwIfAborted();
    },
  });
  await bucket.take(patient);
  await assert.rejects(bucket.take({ signal: caller.signal }), { kind: 'cancelled' });
  time.now += 60_000;
  await bucket.take({ ...patient, deadline: Date.now() + 10_000 });
});

test('a token that is given back never makes the burst larger', async () => {
  const { options } = clock();
  const bucket = new TokenBucket({ ratePerMinute: 1, burst: 1, ...options });
  bucket.giveBack();
  await bucket.take(patient);
  await assert.rejects(bucket.take({ ...patient, deadline: Date.now() + 1_000 }), { kind: 'busy' });
});
