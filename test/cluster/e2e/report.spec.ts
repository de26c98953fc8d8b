import assert from 'node:assert/strict';
import { test } from 'node:test';
import { focusOn, PREFIX, Progress, readReport } from './report.ts';

const NAME = '[Testpattern: Dynamic PV (default fs)] volumes should store data';

function spec(State: string, Message?: string, more: object = {}): object {
  return {
    ContainerHierarchyTexts: [PREFIX.trim(), '[Testpattern: Dynamic PV (default fs)] volumes', ''],
    LeafNodeText: 'should store data',
    LeafNodeType: 'It',
    State,
    RunTime: 1.5e9,
    ...(Message !== undefined && { Failure: { Message } }),
    ...more,
  };
}

const read = (...specs: readonly object[]) => readReport(JSON.stringify([{ SpecReports: specs }]));

test('a report says of each spec of the driver how it ended', () => {
  assert.deepEqual(read(spec('passed')), [{ name: NAME, outcome: { status: 'passed' }, seconds: 1.5 }]);
  const outcome = (...given: Parameters<typeof spec>) => read(spec(...given))[0]?.outcome;
  assert.deepEqual(outcome('failed', 'timed out\nall of it'), { status: 'failed', why: 'timed out' });
  assert.deepEqual(outcome('interrupted'), { status: 'failed', why: 'interrupted' });
  assert.deepEqual(outcome('skipped', 'no Windows'), { status: 'skipped', why: 'no Windows' });
});

test('what was not asked for, and specs of others, are not in it', () => {
  const others = { ContainerHierarchyTexts: ['[sig-network] Services'] };
  assert.deepEqual(read(spec('skipped'), spec('passed', undefined, others)), []);
});

test('a failure around all specs is one of the run', () => {
  const setup = { LeafNodeType: 'SynchronizedBeforeSuite', LeafNodeText: '', ContainerHierarchyTexts: null };
  assert.deepEqual(read(spec('passed', undefined, setup)), []);
  assert.throws(() => read(spec('failed', 'no nodes', setup)), /failed around its specs: no nodes/);
});

test('a focus is for these specs alone', () => {
  const focus = new RegExp(focusOn([NAME, 'b.c']));
  assert.match(`Kubernetes e2e suite ${PREFIX}${NAME}`, focus);
  for (const other of [`${PREFIX}${NAME} twice`, `${PREFIX}bxc`, NAME]) assert.doesNotMatch(other, focus);
});

test('the lines of ginkgo tell what has ended, with the name before or after', () => {
  const ended = (text: string) => {
    const progress = new Progress();
    return text
      .split('\n')
      .map((line) => progress.next(line))
      .filter((one) => one !== undefined);
  };
  const parallel = `------------------------------
• [27.119 seconds]
${PREFIX}${NAME}
k8s.io/kubernetes/test/e2e/storage/testsuites/volumes.go:161
------------------------------
S [SKIPPED] [0.002 seconds]
${PREFIX}b  d
------------------------------
• [FAILED] [301.5 seconds]
${PREFIX}c`;
  assert.deepEqual(ended(parallel), [
    { name: NAME, state: 'passed', seconds: 27.119 },
    { name: 'b d', state: 'skipped', seconds: 0.002 },
    { name: 'c', state: 'failed', seconds: 301.5 },
  ]);
  const serial = `------------------------------
${PREFIX}${NAME}
k8s.io/kubernetes/test/e2e/storage/testsuites/disruptive.go:161
  STEP: Creating a pod
• [27.119 seconds]`;
  assert.deepEqual(ended(serial), [{ name: NAME, state: 'passed', seconds: 27.119 }]);
});
