import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcessError, processes } from '../../host/processes.ts';
import { type ProgramRun, watchedProcesses } from './watched-processes.ts';

test('every program is reported once, with its end and its time', async () => {
  const runs: ProgramRun[] = [];
  const host = watchedProcesses(processes(), (run) => runs.push(run));
  await host.run('true', []);
  assert.equal((await host.ask('sh', ['-c', 'exit 3'])).status, 3);
  await host.run('setpriv', ['--pdeathsig', 'KILL', '--', 'sh', '-c', 'exit 0']);
  await assert.rejects(host.run('sh', ['-c', 'exit 4']), ProcessError);
  await assert.rejects(host.run('no-such-program', []), ProcessError);
  await assert.rejects(host.run('sleep', ['600'], { timeoutMs: 20 }), ProcessError);
  assert.deepEqual(
    runs.map(({ program, outcome, status }) => [program, outcome, status]),
    [
      ['true', 'done', 0],
      ['sh', 'done', 3],
      ['sh', 'done', 0],
      ['sh', 'failed', 4],
      ['no-such-program', 'failed', undefined],
      ['sleep', 'killed', undefined],
    ],
  );
  assert.ok(runs.every(({ ms }) => ms > 0));
  assert.ok((runs.at(-1)?.ms ?? 0) >= 19, 'the time that the last one was given');
});
