import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JsonRow, RouterOsError } from '../../routeros/index.ts';
import { contextAnswering } from '../console.fixture.ts';
import type { Finding } from '../finding.ts';
import { DISCARD_CHECKS } from './discards.ts';

test('discards are known to arrive where a counter says so, and nowhere else', async () => {
  const cases: readonly [readonly JsonRow[] | Error, Finding['verdict'], RegExp][] = [
    [[], 'untested', /nothing is exported/],
    [[{ 'discard-bytes': null }], 'untested', /shows no discard-bytes/],
    [[{ 'discard-bytes': '4.0GiB' }], 'untested', /shows no discard-bytes/],
    [[{ 'discard-bytes': 0 }], 'untested', /none has arrived/],
    [[{ 'discard-bytes': '4096' }, { 'discard-bytes': 0 }], 'fits', /arrived at images/],
    [new RouterOsError('rejected', 'bad command name disk (line 1 column 25)'), 'untested', /bad command name/],
  ];
  for (const [answer, verdict, device] of cases) {
    const finding = await DISCARD_CHECKS[0]?.run(contextAnswering(answer));
    assert.equal(finding?.verdict, verdict, JSON.stringify(answer));
    assert.match(finding.device, device);
  }
});
