import assert from 'node:assert/strict';
import { Session } from 'node:inspector/promises';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { startStack } from '../support/stack.ts';

const SRC = join(import.meta.dirname, '../../src');
/** From the handler of the call to the SSH channel. Each new one makes it harder to see that a snapshot is right. */
const MOST = 28;

/** Stands around a call, and is not what it does: wiring, gRPC itself, log, metrics and traces. */
const AROUND = /^(?:app|observability)\/|^csi\/(?:gen\/|grpc-binding\.ts$|log\.ts$)/;

/** Files of the driver of which a function runs while the work is done; those around it are left out. */
async function filesRunBy(work: () => Promise<unknown>): Promise<string[]> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await session.post('Profiler.takePreciseCoverage');
  await work();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  return result
    .filter(
      ({ url, functions }) => url.startsWith('file:') && functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0),
    )
    .map(({ url }) => relative(SRC, fileURLToPath(url)))
    .filter((file) => !/^\.\.|^simulator\//.test(file) && !AROUND.test(file))
    .toSorted();
}

test('who follows one CreateSnapshot from gRPC to SSH reads few files', async (t) => {
  const { controller } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  const files = await filesRunBy(() => makeSnapshot(controller, volumeId));
  t.diagnostic(`${files.length} files: ${files.join(', ')}`);
  assert.ok(files.length <= MOST, `${files.length} files:\n${files.join('\n')}`);
});
