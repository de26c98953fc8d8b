import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubernetesError } from '../kubernetes/cluster.ts';
import type { Snapshot } from '../storage/storage.ts';
import { annotationsOf } from './annotations.ts';
import { Annotator } from './annotator.ts';

const snapshot: Snapshot = {
  id: 'rds1:snap-2',
  sourceVolumeId: 'rds1:pvc-1',
  sizeBytes: 2n ** 53n + 1n,
  createdAtSeconds: 1_790_000_000n,
  place: { backend: 'rds1', pool: 'pool', subvolume: 'snap-2-x', sourceSlot: 'pvc-1' },
};

/** A cluster that answers as told, and an annotator that does not pause. */
function start(answers: readonly (number | undefined | 'ok')[], pauses = 3) {
  const attempts: string[] = [];
  const failures: [string, unknown][] = [];
  const idle = Promise.withResolvers<void>();
  const annotator = new Annotator({
    cluster: {
      annotateContent: async (name) => {
        const answer = answers[attempts.length];
        attempts.push(name);
        if (answer === 'ok') return idle.resolve();
        throw new KubernetesError('trouble', answer);
      },
    },
    onFailure: (...failure) => {
      failures.push(failure);
      idle.resolve();
    },
    pausesMs: Array.from({ length: pauses }, () => 0),
  });
  return { annotator, attempts, failures, idle: idle.promise };
}

test('the annotations say what is on the RDS, in exact numbers and RFC 3339', () => {
  assert.deepEqual(annotationsOf(snapshot), {
    'rds.rose-csi.io/source-volume-id': 'rds1:pvc-1',
    'rds.rose-csi.io/creation-time': '2026-09-21T14:13:20Z',
    'rds.rose-csi.io/bytes': '9007199254740993',
    'rds.rose-csi.io/slot': 'pvc-1',
    'rds.rose-csi.io/subvolume': 'snap-2-x',
    'rds.rose-csi.io/backend': 'rds1',
    'rds.rose-csi.io/pool': 'pool',
  });
});

test('trouble that passes is retried', async (t) => {
  const { annotator, attempts, failures, idle } = start([undefined, 503, 429, 'ok']);
  t.after(() => annotator.stop());
  annotator.note(snapshot, 'content');
  await idle;
  assert.equal(attempts.length, 4);
  assert.deepEqual(failures, []);
});

for (const status of [403, 404, 422]) {
  test(`${status} is not retried, and reported`, async (t) => {
    const { annotator, attempts, failures, idle } = start([status]);
    t.after(() => annotator.stop());
    annotator.note(snapshot, 'content');
    await idle;
    assert.equal(attempts.length, 1);
    assert.deepEqual(
      failures.map(([name]) => name),
      ['content'],
    );
  });
}

test('what fails again and again is reported, and noting never throws', async (t) => {
  const { annotator, attempts, failures, idle } = start([500, 500, 500, 500], 3);
  t.after(() => annotator.stop());
  assert.doesNotThrow(() => annotator.note(snapshot, 'content'));
  await idle;
  assert.equal(attempts.length, 4);
  assert.equal(failures.length, 1);
});

test('an API server that never answers fills a bounded queue, and stopping gives it up', async () => {
  let begun = 0;
  const dropped: string[] = [];
  const annotator = new Annotator({
    cluster: {
      annotateContent: (_name, _annotations, signal) => {
        begun += 1;
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    },
    onFailure: (name) => dropped.push(name),
  });
  for (let number = 0; number < 1003; number += 1) annotator.note(snapshot, `content-${number}`);
  assert.deepEqual(dropped, ['content-1002']);
  await annotator.stop();
  assert.equal(begun, 2);
  assert.deepEqual(dropped, ['content-1002'], 'what is given up on purpose is no failure');
});
