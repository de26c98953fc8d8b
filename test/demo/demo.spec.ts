import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BACKEND } from '../support/backend.ts';
import type { Installation } from '../support/installation.ts';
import { CLUSTER_ID, type Stack, startStack } from '../support/stack.ts';
import { Content, difference } from './content.ts';
import { runDemo } from './run-demo.ts';
import { Steps } from './steps.ts';
import { tell } from './story.ts';

/** The story on a stack in this process, with the controller or the data path tampered with. */
async function tellWith(stack: Stack, tampered: Partial<Installation>) {
  const rest = { endpoint: '', clusterId: CLUSTER_ID, backend: BACKEND, log: () => '', stop: async () => {} };
  const installation = { ...stack, ...rest, ...tampered };
  return await tell(installation, new Steps(stack.api, () => {}));
}

for (const [program, flags] of [
  ['sources', []],
  ['bundle', ['--bundle']],
] as const) {
  test(`the demo of the ${program} exits with 0 and ends on one JSON object that says so`, { timeout: 60_000 }, () =>
    demonstrate(flags),
  );
}

async function demonstrate(flags: readonly string[]): Promise<void> {
  const { code, result } = await runDemo(flags);
  assert.equal(code, 0);
  assert.equal(result.ok, true);
  assert.equal(result.backend, BACKEND);
  assert.equal(result.restoredIdentical, true);
  assert.deepEqual(result.leaked, []);
  assert.ok(result.steps.length > 15);
  for (const step of result.steps) {
    assert.ok(typeof step.name === 'string' && typeof step.ms === 'number' && Number.isInteger(step.execs));
  }
}

test('one wrong byte in a restored volume is found', async (t) => {
  const stack = await startStack(t);
  const api = Object.create(stack.api, {
    read: {
      value: async (nqn: string, range: { offset: number; length: number }) => {
        const bytes = await stack.api.read(nqn, range);
        if (range.offset === 0) bytes[17] = (bytes[17] ?? 0) ^ 1;
        return bytes;
      },
    },
    extents: { value: (nqn: string) => stack.api.extents(nqn) },
    write: { value: (nqn: string, offset: number, data: Uint8Array) => stack.api.write(nqn, offset, data) },
    pools: { value: () => stack.api.pools() },
  });
  const outcome = await tellWith(stack, { api });
  assert.match(outcome.difference ?? '', /byte 17 is \d+, must be \d+/);
  assert.deepEqual(outcome.leaked, []);
});

test('a snapshot that is not deleted is found', async (t) => {
  const stack = await startStack(t);
  const controller = { ...stack.controller, deleteSnapshot: async () => ({}) as never };
  const outcome = await tellWith(stack, { controller });
  assert.equal(outcome.difference, undefined);
  assert.equal(outcome.leaked.length, 2);
});

test('data where zeros belong, and zeros where data belongs, are differences', async (t) => {
  const { api, controller } = await startStack(t);
  const { volume } = await controller.createVolume({
    name: 'v',
    capacityRange: { requiredBytes: 4n << 20n },
    volumeCapabilities: [{ accessMode: { mode: 1 }, accessType: { case: 'block', value: {} } }],
  });
  const { publishContext } = await controller.controllerPublishVolume({
    volumeId: volume?.volumeId ?? '',
    nodeId: 'nqn.2014-08.org.nvmexpress:uuid:6f1c8a5e-7c0d-4c1b-9b0e-3d2f4a5b6c7d',
    volumeCapability: { accessMode: { mode: 1 }, accessType: { case: 'block', value: {} } },
  });
  const nqn = publishContext['nqn'] ?? '';
  const written = new Content().overwrittenWith('A', [{ offset: 4096, length: 8192 }]);
  assert.match((await difference(api, nqn, written)) ?? '', /byte \d+ is 0/);
  await api.write(nqn, 4096, written.expected({ offset: 4096, length: 8192 }));
  assert.equal(await difference(api, nqn, written), undefined);
  await api.write(nqn, 1 << 20, Buffer.of(7));
  assert.match((await difference(api, nqn, written)) ?? '', /byte 1048576 is 7, must be 0/);
});
