/** What a console of 10,000 snapshots takes, in a process of its own and with the flags that Node.js has by itself. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { converse } from '../../bench/floor.ts';
import { makeSnapshots } from '../../bench/lists.ts';
import { CLUSTER_ID } from '../../bench/rig.ts';
import { buildBundle } from '../../scripts/build.ts';
import { startRds, writeConfiguration } from '../support/programs.ts';
import { program } from './shipped.ts';

/** Half of what the chart lets it have. It takes 180, and took 330 while it read in the thread of the server, which is not bounded. */
const MOST_MB = 256;

test('ten readings of 10,000 snapshots stay within half of what the chart lets a console have', {
  timeout: 600_000,
}, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-memory-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const rds = await startRds(await program(), directory);
  t.after(() => rds.stop());
  const routerOs = converse(rds);
  await makeSnapshots({ routerOs }, 0, 10_000, () => undefined);
  await routerOs.close();
  const config = await writeConfiguration(directory, CLUSTER_ID, rds);
  const main = await buildBundle(join(directory, 'bundle'), 'test/web-console/ten-readings.testing.ts');
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of ['NODE_OPTIONS', 'NODE_TEST_CONTEXT', 'NODE_V8_COVERAGE']) delete env[name];
  const { stdout } = await promisify(execFile)(process.execPath, [main, config], { env });
  const { mostMb, rows } = JSON.parse(stdout) as { readonly mostMb: number; readonly rows: number };
  t.diagnostic(`${Math.round(mostMb)} MB at most`);
  // With the volume that they are of, which is gone.
  assert.equal(rows, 10_001);
  assert.ok(mostMb < MOST_MB, `${mostMb} MB`);
});
