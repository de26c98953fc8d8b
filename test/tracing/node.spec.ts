/** What a trace of the node looks like, from gRPC to the programs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFixture } from '../node/fixture.ts';
import { CLIENT, rpcs, startTracing } from './fixture.ts';

test('each program is the child of the RPC that ran it, by its name and without its arguments', async (t) => {
  const { collector, tracing } = await startTracing(t);
  const fixture = await startFixture(t, { tracer: tracing.tracer });
  if (fixture === undefined) return;
  const { node } = fixture;
  const claims = await Promise.all([1, 2, 3].map(() => fixture.claim('ext4')));
  await Promise.all(claims.map((claim) => node.stage(claim)));
  await Promise.all(claims.map((claim) => node.unstage(claim)));
  await tracing.stop();

  const stages = rpcs(collector, 'NodeStageVolume');
  assert.deepEqual(
    new Set(stages.map(({ attributes }) => attributes['rose_csi.volume_id'])),
    new Set(claims.map(({ volumeId }) => volumeId)),
  );
  const names = stages.map((stage) => collector.children(stage).map(({ name }) => name));
  for (const programs of names) {
    assert.equal(programs.filter((name) => name === 'run mkfs.ext4').length, 1);
    assert.equal(programs.filter((name) => name === 'run mount').length, 1);
  }
  for (const program of stages.flatMap((stage) => collector.children(stage))) {
    assert.equal(program.kind, CLIENT);
    assert.deepEqual(Object.keys(program.attributes).sort(), ['process.executable.name', 'process.exit.code']);
  }
  for (const unstage of rpcs(collector, 'NodeUnstageVolume')) {
    assert.deepEqual(new Set(collector.children(unstage).map(({ name }) => name)), new Set(['run umount']));
  }
  assert.doesNotMatch(collector.bodies.join(), /\/dev\/loop/);
});
