import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mutex, SharedLocks } from './locks.ts';

/** A task that ends when it is told to, and says that it began. */
function controlled() {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const task = async (): Promise<void> => {
    begun.resolve();
    await end.promise;
  };
  return { task, begun: begun.promise, end: end.resolve };
}

test('a mutex runs tasks one at a time, in order, past failures', async () => {
  const mutex = new Mutex();
  const seen: number[] = [];
  const first = mutex.run(async () => {
    await Promise.resolve();
    seen.push(1);
    throw new Error('first');
  });
  const second = mutex.run(async () => seen.push(2));
  await assert.rejects(first, /first/);
  await second;
  assert.deepEqual(seen, [1, 2]);
});

test('shared holders run beside each other', async () => {
  const locks = new SharedLocks();
  const [one, two] = [controlled(), controlled()];
  const both = [locks.shared('x', one.task), locks.shared('x', two.task)];
  await Promise.all([one.begun, two.begun]);
  one.end();
  two.end();
  await Promise.all(both);
});

test('an exclusive holder waits for earlier shared ones, and later ones wait for it', async () => {
  const locks = new SharedLocks();
  const seen: string[] = [];
  const writer = controlled();
  const snapshot = controlled();
  const earlier = locks.shared('x', async () => {
    await writer.task();
    seen.push('earlier');
  });
  const exclusive = locks.exclusive('x', async () => {
    await snapshot.task();
    seen.push('exclusive');
  });
  const later = locks.shared('x', async () => {
    seen.push('later');
  });
  await locks.shared('y', async () => {
    seen.push('another key');
  });
  await writer.begun;
  writer.end();
  await snapshot.begun;
  assert.deepEqual(seen, ['another key', 'earlier']);
  snapshot.end();
  await Promise.all([earlier, exclusive, later]);
  assert.deepEqual(seen, ['another key', 'earlier', 'exclusive', 'later']);
});

test('a failed holder blocks no one', async () => {
  const locks = new SharedLocks();
  const fail = async (): Promise<void> => {
    throw new Error('failed');
  };
  const failed = [locks.shared('x', fail), locks.exclusive('x', fail)];
  const next = locks.shared('x', async () => 'done');
  for (const promise of failed) await assert.rejects(promise, /failed/);
  assert.equal(await next, 'done');
});
