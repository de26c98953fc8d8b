import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { type CommandFixture, startCommandFixture } from './command-fixture.ts';
import { GRACE_MS, refer, startFixture } from './fixture.ts';

const uuidOf = (id: string) => id.slice(id.indexOf('-') + 1);

interface Report {
  readonly orphans: readonly { readonly id: string }[];
  readonly awaited: readonly { readonly id: string; readonly reference: string }[];
}

async function reported({ run }: CommandFixture): Promise<Report> {
  const { code, stdout, stderr } = await run(['report', '--json']);
  assert.equal(code, 1, stderr);
  return JSON.parse(stdout) as Report;
}

/** Deletes with `--yes`, and says yes to whatever is asked. */
async function deleted({ run }: CommandFixture, ...ids: readonly string[]) {
  return await run(['delete', '--yes', ...ids], 'yes\n'.repeat(9));
}

test('a volume was deleted whose claim had lost its PersistentVolume, and a snapshot whose content was gone', async (t) => {
  const command = await startCommandFixture(t);
  const { stack, api, run } = command;
  const [known, lost, renamed] = [
    await makeVolume(stack.controller, MiB),
    await makeVolume(stack.controller, MiB),
    await makeVolume(stack.controller, MiB),
  ];
  const [snapshot, adopted] = [
    await makeSnapshot(stack.controller, known),
    await makeSnapshot(stack.controller, known),
  ];
  refer(api, known);
  api.put('persistentvolumeclaims', {
    metadata: { name: 'data', namespace: 'apps', uid: uuidOf(lost) },
    spec: { volumeName: `pvc-${uuidOf(lost)}` },
    status: { phase: 'Lost' },
  });
  api.put('persistentvolumeclaims', {
    metadata: { name: 'adopted', namespace: 'apps', uid: crypto.randomUUID() },
    spec: { volumeName: `pvc-${uuidOf(renamed)}` },
    status: { phase: 'Lost' },
  });
  api.put('volumesnapshots', {
    metadata: { name: 'monday', namespace: 'apps', uid: uuidOf(snapshot) },
    spec: { source: { persistentVolumeClaimName: 'data' } },
    status: { readyToUse: false },
  });
  api.put('volumesnapshots', {
    metadata: { name: 'tuesday', namespace: 'apps', uid: crypto.randomUUID() },
    spec: { source: { volumeSnapshotContentName: `adopted-${uuidOf(adopted)}` } },
  });
  const before = await inventory(stack.simulator);
  const { code, stdout } = await deleted(command, lost, renamed, snapshot, adopted);
  assert.equal(code, 1, stdout);
  assert.match(stdout, /refused: PersistentVolumeClaim apps\/data, .*adopt/);
  assert.match(stdout, /refused: VolumeSnapshot apps\/monday, .*adopt/);
  assert.equal(stdout.match(/: refused: /g)?.length, 4, stdout);
  assert.deepEqual(await inventory(stack.simulator), before);

  const { orphans, awaited } = await reported(command);
  assert.deepEqual(orphans, []);
  assert.deepEqual(awaited.map(({ id }) => id).toSorted(), [lost, renamed, snapshot, adopted].toSorted());
  assert.match((await run(['report'])).stdout, new RegExp(`${lost} [^]*apps/data[^]*: adopt\\s+prints one`));
  const [forClaim, forSnapshot] = [await run(['adopt', lost]), await run(['adopt', snapshot])];
  assert.deepEqual([forClaim.code, forSnapshot.code], [0, 0], forClaim.stderr);
  const claimRef = parse(forClaim.stdout).spec.claimRef;
  assert.deepEqual([claimRef.namespace, claimRef.name, claimRef.uid], ['apps', 'data', uuidOf(lost)]);
});

test('a volume that a claim had got in place of its own was no orphan', async (t) => {
  const command = await startCommandFixture(t);
  const { stack, api } = command;
  const [other, left] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  refer(api, other);
  api.put('persistentvolumeclaims', {
    metadata: { name: 'data', namespace: 'apps', uid: uuidOf(left) },
    spec: { volumeName: `pvc-${uuidOf(other)}` },
  });
  const { orphans } = await reported(command);
  assert.deepEqual(
    orphans.map(({ id }) => id),
    [left],
  );
});

test('the orphan controller called the volume of a claim an orphan whose PersistentVolume was gone', async (t) => {
  const { stack, api, told, refer: referTo, passAfter } = await startFixture(t);
  const [known, lost] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  referTo(known);
  api.put('persistentvolumeclaims', {
    metadata: { name: 'data', namespace: 'apps', uid: uuidOf(lost) },
    spec: { volumeName: `pvc-${uuidOf(lost)}` },
    status: { phase: 'Lost' },
  });
  for (let pass = 0; pass < 3; pass += 1) assert.equal(await passAfter(GRACE_MS), 'done');
  assert.deepEqual(told.orphans, []);
});
