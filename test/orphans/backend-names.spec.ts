import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, publish, volumeName } from '../support/calls.ts';
import { change, inventory, subvolumes } from '../support/console.ts';
import { snapshotContent } from '../support/kubernetes-api.ts';
import { COLD_UUID } from '../support/pools.ts';
import { volumeRequest } from '../support/requests.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { type CommandFixture, startCommandFixture } from './command-fixture.ts';
import { emptySubvolume, GRACE_MS, refer, startFixture } from './fixture.ts';

interface Report {
  readonly orphans: readonly { readonly id: string }[];
  readonly mismatches: readonly {
    readonly id: string;
    readonly referredToAs: string;
    readonly reference: string;
    readonly isCopy: boolean;
  }[];
  readonly unseen: readonly { readonly id: string }[];
}

interface Document {
  readonly backends: readonly Readonly<Record<string, unknown>>[];
}

async function reported({ run }: CommandFixture): Promise<Report> {
  const { code, stdout, stderr } = await run(['report', '--json']);
  assert.equal(code, 1, stderr);
  return JSON.parse(stdout) as Report;
}

async function documentOf({ configFile }: Stack): Promise<Document> {
  return JSON.parse(await readFile(configFile, 'utf8')) as Document;
}

/** Gives the backends of a configuration file other names. */
async function rename(stack: Stack, ...names: readonly string[]): Promise<void> {
  const document = await documentOf(stack);
  const backends = document.backends.map((backend, at) => ({ ...backend, name: names[at] }));
  await writeFile(stack.configFile, JSON.stringify({ ...document, backends }));
}

const as = (backend: string, id: string) => `${backend}${id.slice(id.indexOf(':'))}`;

/** A second RDS with a controller of its own, `rds2`. */
async function startSecond(t: TestContext): Promise<Stack> {
  const pool = { label: 'cold', uuid: COLD_UUID, mountPoint: 'cold' };
  return await startStack(t, {
    simulator: { pools: [{ ...pool, sizeBytes: 2 ** 40 }] },
    backend: { name: 'rds2', pools: [pool] },
  });
}

/** A command whose configuration has the second RDS, too. */
async function startTwoBackends(t: TestContext): Promise<CommandFixture & { readonly second: Stack }> {
  const command = await startCommandFixture(t);
  const second = await startSecond(t);
  const [first, other] = [await documentOf(command.stack), await documentOf(second)];
  const both = { ...first, backends: [...first.backends, ...other.backends] };
  await writeFile(command.stack.configFile, JSON.stringify(both));
  return { ...command, second };
}

test('after a backend was renamed, every live volume was listed as unreferred and delete --yes deleted them', async (t) => {
  const command = await startCommandFixture(t);
  const { stack, api, run } = command;
  const { controller, simulator } = stack;
  const [data, more, orphan] = [
    await makeVolume(controller, MiB),
    await makeVolume(controller),
    await makeVolume(controller),
  ];
  const [snapshot, partial] = [await makeSnapshot(controller, data), await emptySubvolume(stack)];
  const live = [data, more, snapshot, partial];
  refer(api, ...live);
  await rename(stack, 'store1');

  const { orphans, mismatches, unseen } = await reported(command);
  assert.deepEqual(
    orphans.map(({ id }) => id),
    [as('store1', orphan)],
  );
  assert.deepEqual(unseen, []);
  assert.deepEqual(
    mismatches.map(({ id, referredToAs, isCopy }) => [id, referredToAs, isCopy]).toSorted(),
    live.map((id) => [as('store1', id), id, false]).toSorted(),
  );
  assert.match(mismatches.find(({ referredToAs }) => referredToAs === data)?.reference ?? '', /^PersistentVolume pvc-/);
  const stdout = (await run(['report'])).stdout.replaceAll(/\n +/g, ' ');
  assert.match(stdout, /Referred to under the name of another backend, and never deleted:/);
  assert.match(stdout, new RegExp(` ${as('store1', data)} .*${data} to PersistentVolume .*default/data`));
  assert.match(
    stdout,
    /a backend must keep its name; in the\s+configuration,\s+rename\s+store1\s+back\s+to\s+rds1\.\n/,
  );

  const before = await inventory(simulator);
  const ids = live.map((id) => as('store1', id));
  for (const args of [['--yes', ...ids], ...live.map((id) => ['--yes', '--copy-of', id, as('store1', id)])]) {
    const deleted = await run(['delete', '--json', ...args], `yes\n${args.at(-1)}\n`);
    assert.equal(deleted.code, 1, deleted.stderr);
    const { objects } = JSON.parse(deleted.stdout) as { objects: { outcome: string; reason: string }[] };
    for (const { outcome, reason } of objects) {
      assert.equal(outcome, 'refused');
      assert.match(reason, / refers to it as rds1:\S+: a backend must keep its name; .* rename store1 back to rds1$/);
    }
  }
  assert.deepEqual(await inventory(simulator), before);
  assert.equal((await run(['delete', '--yes', as('store1', orphan)])).code, 0);
  await rename(stack, 'rds1');
  assert.equal((await run(['report'])).code, 0, 'all is well under the old name');
});

test('volumes being snapshotted or attached were unreferred under a new name of their backend, too', async (t) => {
  const { stack, api, run } = await startCommandFixture(t);
  const [source, attached] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  const snapshot = await makeSnapshot(stack.controller, source);
  api.put('volumesnapshotcontents', snapshotContent('source', { volumeHandle: source }));
  const inlineVolumeSpec = { csi: { volumeHandle: attached } };
  api.put('volumeattachments', {
    metadata: { name: 'csi-1' },
    spec: { attacher: 'x', nodeName: 'n1', source: { inlineVolumeSpec } },
  });
  await rename(stack, 'store1');
  const before = await inventory(stack.simulator);
  const { code, stdout } = await run([
    'delete',
    '--yes',
    ...[source, attached, snapshot].map((id) => as('store1', id)),
  ]);
  assert.equal(code, 1);
  assert.equal(stdout.match(/: refused: /g)?.length, 3, stdout);
  assert.deepEqual(await inventory(stack.simulator), before);
});

test('after the names of two backends were exchanged, what was on the other one was reported as missing', async (t) => {
  const command = await startTwoBackends(t);
  const { stack, second, api, run } = command;
  const [here, there] = [await makeVolume(stack.controller, MiB), await makeVolume(second.controller, MiB)];
  refer(api, here, there);
  assert.equal((await run(['report'])).code, 0);
  await rename(stack, 'rds2', 'rds1');
  const { orphans, mismatches, unseen } = await reported(command);
  assert.deepEqual([orphans, unseen], [[], []]);
  assert.deepEqual(
    mismatches.map(({ id, referredToAs }) => [id, referredToAs]).toSorted(),
    [
      [as('rds2', here), here],
      [as('rds1', there), there],
    ].toSorted(),
  );
  assert.match((await run(['report'])).stdout, /rename\s+rds2\s+back\s+to\s+rds1,\s+rename\s+rds1\s+back\s+to\s+rds2/);
  const before = [await inventory(stack.simulator), await inventory(second.simulator)];
  assert.equal((await run(['delete', '--yes', as('rds2', here), as('rds1', there)])).code, 1);
  assert.deepEqual([await inventory(stack.simulator), await inventory(second.simulator)], before);
});

test('a copy on another backend is deleted only by someone who names what it is a copy of', async (t) => {
  const command = await startTwoBackends(t);
  const { stack, second, api, run } = command;
  const request = volumeRequest(volumeName(), MiB);
  for (const { controller } of [stack, second]) await controller.createVolume(request);
  const [original, copy] = [`rds1:${request.name}`, `rds2:${request.name}`];
  const orphan = await makeVolume(second.controller, MiB);
  refer(api, original);
  const { orphans, mismatches, unseen } = await reported(command);
  assert.deepEqual([orphans.map(({ id }) => id), unseen], [[orphan], []]);
  assert.deepEqual(
    mismatches.map(({ id, referredToAs, isCopy }) => [id, referredToAs, isCopy]),
    [[copy, original, true]],
  );
  assert.match((await run(['report'])).stdout, /Copies of what is referred to, which is on its own backend:\n/);

  const before = [await inventory(stack.simulator), await inventory(second.simulator)];
  const attempts: readonly (readonly [readonly string[], string, number, RegExp])[] = [
    [['--yes', copy], copy, 1, /refused: it is a copy of \S+, which PersistentVolume .*--copy-of rds1:pvc-/],
    [['--yes', '--copy-of', original, copy], 'yes', 1, /the following, which Kubernetes refers to.*on rds1.*: kept/s],
    [['--yes', '--copy-of', original, orphan], orphan, 1, /refused: it is not a copy of rds1:/],
    [['--yes', '--copy-of', orphan, copy], copy, 1, /refused: it is not a copy of rds2:/],
    [['--yes', '--copy-of', copy, original], original, 1, /refused: PersistentVolume \S+ .*refers to it; delete that/],
    [['--yes', '--copy-of', original, copy, orphan], copy, 2, /--copy-of goes with one id/],
    [['--copy-of', original, '--device-only', copy], copy, 2, /cannot be used with/],
  ];
  for (const [args, input, code, words] of attempts) {
    const result = await run(['delete', ...args], `${input}\n`);
    assert.equal(result.code, code, result.stdout);
    assert.match(result.stdout + result.stderr, words);
  }
  await publish(second.controller, copy);
  const published = await run(['delete', '--copy-of', original, copy], `${copy}\n`);
  assert.match(published.stdout, /refused: it is published or exported/);
  await second.controller.controllerUnpublishVolume({ volumeId: copy });
  assert.deepEqual([await inventory(stack.simulator), await inventory(second.simulator)], before);

  assert.equal((await run(['delete', '--copy-of', original, copy], `${copy}\n`)).code, 0);
  assert.deepEqual(await inventory(stack.simulator), before[0]);
  assert.equal((await inventory(second.simulator)).length, 2, 'the orphan is left');
});

test('what was referred to under another name was adopted again', async (t) => {
  const { stack, api, run } = await startCommandFixture(t);
  const volume = await makeVolume(stack.controller, MiB);
  const snapshot = await makeSnapshot(stack.controller, volume);
  refer(api, volume, snapshot);
  await rename(stack, 'store1');
  for (const id of [volume, snapshot]) {
    const { code, stdout, stderr } = await run(['adopt', as('store1', id)]);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(
      stderr,
      new RegExp(`${as('store1', id)} is in Kubernetes already, as ${id}: (PersistentV|VolumeSnap)`),
    );
  }
});

test('the orphan controller took volumes for orphans when their backend was renamed; it doubts the names and removes nothing', async (t) => {
  const { stack, api, told, refer: referTo, passAfter } = await startFixture(t, { deletePartial: true });
  const [volume, partial] = [await makeVolume(stack.controller, MiB), await emptySubvolume(stack)];
  const snapshot = await makeSnapshot(stack.controller, volume);
  referTo(...[volume, partial, snapshot].map((id) => as('old', id)));
  const before = await inventory(stack.simulator);
  for (let pass = 0; pass < 3; pass += 1) assert.equal(await passAfter(GRACE_MS), 'doubtful');
  assert.match(
    told.reason ?? '',
    /^PersistentVolume pvc-\S+ \(default\/data\) refers to old:pvc-\S+, which .* calls rds1:pvc-\S+, .* 2 more: .*rename rds1 back to old$/,
  );
  assert.deepEqual([told.orphans, told.removed, told.failed], [[], [], []]);
  assert.deepEqual(api.reasons(), ['OrphanReportDoubtful']);
  assert.deepEqual(await inventory(stack.simulator), before);

  referTo(volume, partial, snapshot);
  assert.equal(await passAfter(GRACE_MS), 'done');
  assert.deepEqual(told.orphans, []);
});

test('the orphan controller took a partial copy on another backend for what an interrupted call had left', async (t) => {
  const second = await startSecond(t);
  const { backends } = await documentOf(second);
  const fixture = await startFixture(t, { deletePartial: true }, { moreBackends: backends });
  const volume = await makeVolume(fixture.stack.controller, MiB, { parameters: { backend: 'rds1' } });
  await makeVolume(second.controller, MiB);
  const [name] = subvolumes(fixture.stack.simulator);
  await change(second.simulator, `/disk/btrfs/subvolume/add fs=cold name=${name}`);
  const { volumes } = await fixture.storage.inventory({ signal: AbortSignal.timeout(60_000) });
  assert.equal(volumes.find(({ id }) => id === as('rds2', volume))?.state, 'no-disk-item');
  const left = volumes.filter(({ id, backend }) => backend === 'rds2' && id !== as('rds2', volume)).map(({ id }) => id);
  fixture.refer(volume, ...left);
  const before = await inventory(second.simulator);
  for (let pass = 0; pass < 3; pass += 1) assert.equal(await fixture.passAfter(GRACE_MS), 'done');
  assert.deepEqual([fixture.told.orphans, fixture.told.removed, fixture.told.failed], [[], [], []]);
  assert.deepEqual(await inventory(second.simulator), before);
});
