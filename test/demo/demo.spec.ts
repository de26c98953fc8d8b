import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Scene, WhyScene } from '../../src/web-console/scene.ts';
import { BACKEND } from '../support/backend.ts';
import type { Installation } from '../support/installation.ts';
import { CLUSTER_ID, type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
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

test('with --console there is a scene to look at in which something happens, until a signal ends it', {
  timeout: 120_000,
}, async (t) => {
  const args = [join(import.meta.dirname, 'demo.ts'), '--console', '--backend', BACKEND];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (part: Buffer) => {
    output += part.toString('utf8');
  });
  const address = () => /(http:\/\/127\.0\.0\.1:\d+\/)/.exec(output)?.[1];
  await until(async () => address() !== undefined, 60_000);
  const response = await fetch(`${address()}api/scene`);
  const { rows, matters, backends } = (await response.json()) as Scene;
  assert.ok(rows.length > 10);
  assert.ok(rows.some(({ name, nodes }) => name === 'postgres-data-0' && nodes?.[0] === 'worker-1'));
  assert.ok(rows.some(({ orphan }) => orphan === true));
  assert.ok(matters.length > 0);
  assert.equal(backends[0]?.answers, true);
  const why = await fetch(`${address()}api/why?object=pvc/postgres-data-0&namespace=db`);
  assert.equal(((await why.json()) as WhyScene).result, 'fine');
  await until(async () => /snapshot of/.test(output), 60_000);
  child.kill('SIGINT');
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 0, output);
});
