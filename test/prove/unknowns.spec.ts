import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ALL_CHECKS } from '../../src/doctor/checks/all.ts';
import { answersFrom, type Observation, observationsOf } from './answers.ts';
import { type Source, UNKNOWNS, WITHOUT } from './unknowns.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/routeros.md'), 'utf8');

test('the table has every unknown of docs/routeros.md, in the words of that page', () => {
  const written = [...PAGE.matchAll(/^- \*\*(U\d+)\. (.+?)\*\*/gms)].map(([, id, question = '']) => ({
    id,
    question: question.replaceAll(/\s+/g, ' ').replace(/\.$/, ''),
  }));
  assert.deepEqual(
    UNKNOWNS.map(({ id, question }) => ({ id, question })),
    written,
  );
});

test('docs/prove.md says of every unknown what it needs', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/prove.md'), 'utf8');
  const rows = new Map(
    [...guide.matchAll(/^\| ([^|]+) \| ((?:U\d+(?:, )?)+) \|$/gm)].map(([, what = '', ids = '']) => [what, ids]),
  );
  const of = (begin: string) => [...rows].find(([what]) => what.startsWith(begin))?.[1]?.split(', ');
  const needing = (source: Source) => UNKNOWNS.filter(({ needs }) => needs.includes(source)).map(({ id }) => id);
  assert.deepEqual(of('SSH: the doctor'), needing('doctor'));
  assert.deepEqual(of('an initiator, if'), needing('initiator'));
  assert.deepEqual(of('an initiator, and a restart'), needing('reboot'));
  assert.deepEqual(of('a spare disk'), needing('labels'));
  assert.deepEqual(of('two devices'), needing('transfer'));
});

test('what the table leaves to the doctor is what a test of the doctor tells about', () => {
  const tested = new Set(ALL_CHECKS.flatMap(({ unknown }) => unknown ?? []));
  for (const { id, needs } of UNKNOWNS) if (needs.includes('doctor')) assert.ok(tested.has(id), id);
});

const fits = (unknown: string, source: Observation['source'], device = 'as assumed'): Observation => ({
  unknown,
  source,
  verdict: 'fits',
  device,
});

test('every unknown has an answer or a reason, also when nothing ran', () => {
  for (const { state, missing } of answersFrom([])) {
    assert.equal(state, 'open');
    assert.ok(missing.length > 0 && missing.every((reason) => reason.length > 10));
  }
});

test('an unknown is settled when everything that it needs was seen, and partly when some was', () => {
  const answer = (observations: readonly Observation[]) => answersFrom(observations).find(({ id }) => id === 'U20');
  assert.equal(answer([fits('U20', 'doctor')])?.state, 'partly');
  assert.deepEqual(answer([fits('U20', 'doctor')])?.missing, [WITHOUT.initiator]);
  assert.equal(answer([fits('U20', 'doctor'), fits('U20', 'initiator')])?.state, 'settled');
});

test('what a source could not find out is a reason, and so is why it could not be asked', () => {
  const untested: Observation = { ...fits('U29', 'initiator', 'the pool shows no change'), verdict: 'untested' };
  const reasons = (observations: readonly Observation[]) =>
    answersFrom(observations, { initiator: 'no QEMU' }).find(({ id }) => id === 'U29')?.missing;
  assert.deepEqual(reasons([untested]), ['the pool shows no change']);
  assert.deepEqual(reasons([]), ['no QEMU']);
});

test('that every label is there once says nothing of two filesystems with one label', () => {
  const finding = { id: 'labels', title: '', needs: 'read', driver: '', verdict: 'fits', device: 'once' } as const;
  const report = { format: 1, startedAt: '', write: true, interrupted: false, exitCode: 0, notTestable: [] } as const;
  const backends = [{ name: 'rds1', complete: true, findings: [{ ...finding, unknown: 'U18' }] }];
  const seen = observationsOf({ ...report, backends });
  assert.equal(seen.length, 1);
  assert.equal(answersFrom(seen).find(({ id }) => id === 'U18')?.state, 'open');
});
