import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as settle } from 'node:timers/promises';
import fc from 'fast-check';
import { type Rate, type Timers, TokenBucket } from './token-bucket.ts';

const patient = { signal: new AbortController().signal };

/** A clock that only the test moves on; what is due is called on the way. */
class TestClock implements Timers {
  #ms = 0;
  #due: { readonly at: number; readonly callBack: () => void }[] = [];

  now(): number {
    return this.#ms;
  }

  after(ms: number, callBack: () => void): () => void {
    const entry = { at: this.#ms + ms, callBack };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((other) => other !== entry);
    };
  }

  async pass(ms: number): Promise<void> {
    const until = this.#ms + ms;
    for (;;) {
      const next = this.#due.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > until) break;
      this.#ms = Math.max(this.#ms, next.at);
      this.#due = this.#due.filter((other) => other !== next);
      next.callBack();
      await settle();
    }
    this.#ms = until;
  }
}

function start(rate: Rate) {
  const clock = new TestClock();
  return { clock, bucket: new TokenBucket(rate, clock) };
}

test('a burst at once, then one in each interval, in the order in which they came', async () => {
  const { clock, bucket } = start({ ratePerMinute: 6, burst: 2 });
  const turns: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) {
    void bucket.take(patient).then(() => turns.push(`${name} at ${clock.now()}`));
  }
  await settle();
  await clock.pass(60_000);
  assert.deepEqual(turns, ['a at 0', 'b at 0', 'c at 10000', 'd at 20000']);
});

/** What happens one after the other: a call that may be cancelled or returned, and time that passes. */
const steps = fc.array(
  fc.record({
    passMs: fc.integer({ min: 0, max: 20_000 }),
    cancelAfter: fc.option(fc.integer({ min: 0, max: 5 })),
    giveBack: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

test('there is never more done in a span of time than the burst and what the rate adds in it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 10 }), steps, async (...given) => {
      const [ratePerMinute, burst, calls] = given;
      const { clock, bucket } = start({ ratePerMinute, burst });
      const done: number[] = [];
      const callers = calls.map(() => new AbortController());
      for (const [index, { passMs, giveBack }] of calls.entries()) {
        const { signal } = callers[index] ?? assert.fail();
        const use = () => (giveBack ? bucket.refund() : void done.push(clock.now()));
        void bucket.take({ signal }).then(use, () => undefined);
        calls.forEach(({ cancelAfter }, earlier) => {
          if (cancelAfter !== null && earlier + cancelAfter === index) callers[earlier]?.abort();
        });
        await settle();
        await clock.pass(passMs);
      }
      await clock.pass(calls.length * 60_000);
      const stays = calls.filter(({ cancelAfter, giveBack }) => cancelAfter === null && !giveBack).length;
      assert.ok(done.length >= stays, 'everyone who waits has a turn');
      for (const [first, from] of done.entries()) {
        for (const [more, to] of done.slice(first).entries()) {
          const allowed = burst + ((to - from) * ratePerMinute) / 60_000;
          assert.ok(more + 1 <= allowed + 1e-6, `${more + 1} in ${to - from} ms`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('a call whose turn comes after its deadline is refused at once, and takes no token', async () => {
  const { clock, bucket } = start({ ratePerMinute: 1, burst: 1 });
  await bucket.take(patient);
  const hasty = { ...patient, deadline: Date.now() + 10_000 };
  await assert.rejects(bucket.take(hasty), { kind: 'busy', message: /the next turn is in 60 s/ });
  await clock.pass(60_000);
  await bucket.take(hasty);
});

test('a caller that leaves the queue lets those behind it move up', async () => {
  const { clock, bucket } = start({ ratePerMinute: 1, burst: 1 });
  const caller = new AbortController();
  await bucket.take(patient);
  const left = bucket.take({ signal: caller.signal });
  let served = false;
  const behind = bucket.take(patient).then(() => {
    served = true;
  });
  caller.abort();
  await assert.rejects(left, { kind: 'busy' });
  await clock.pass(59_999);
  assert.equal(served, false);
  await clock.pass(1);
  await behind;
});

test('a token that is given back serves the next in the queue, and never makes the burst larger', async () => {
  const { bucket } = start({ ratePerMinute: 1, burst: 1 });
  bucket.refund();
  await bucket.take(patient);
  const next = bucket.take(patient);
  bucket.refund();
  await next;
  await assert.rejects(bucket.take({ ...patient, deadline: Date.now() + 1_000 }), { kind: 'busy' });
});

test('in real time a turn comes when it is due', async () => {
  const bucket = new TokenBucket({ ratePerMinute: 6_000, burst: 1 });
  const begin = performance.now();
  for (let turn = 0; turn < 4; turn += 1) await bucket.take(patient);
  assert.ok(performance.now() - begin >= 29);
});
