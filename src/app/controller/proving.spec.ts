import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { until } from '../../../test/support/until.ts';
import { proveBackend } from './proving.ts';

test('a driver that is stopped does not wait for an RDS that was never fit', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const storage = { prove: () => Promise.reject(new Error('no one is there')) };
  const stopping = new AbortController();
  const proof = proveBackend({ storage, name: 'rds1', logger, stopping: stopping.signal, firstPauseMs: 3_600_000 });
  await until(async () => lines.length > 0);
  stopping.abort();
  await proof;
  assert.deepEqual(
    lines.map((line) => /"error":"([^"]*)","msg":"([^"]*)"/.exec(line)?.slice(1)),
    [['no one is there', 'RDS is not usable yet']],
  );
});

test('what was found in place of a pool stood in the log without the code that calls end in', async () => {
  const lines: string[] = [];
  const stopping = new AbortController();
  const write = (line: string): void => {
    lines.push(line);
    stopping.abort();
  };
  const problems = [{ code: 'RC-POOL', found: 'pool cold: it is not mounted' } as const];
  const storage = { prove: async () => ({ version: '7.24.1', pools: [], problems }) };
  await proveBackend({
    storage,
    name: 'rds1',
    logger: pino({ level: 'info' }, { write }),
    stopping: stopping.signal,
    firstPauseMs: 1,
  });
  assert.match(lines[0] ?? '', /"error":"backend rds1: pool cold: it is not mounted\. Compare [^"]* \[RC-POOL\]"/);
});
