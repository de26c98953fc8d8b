import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { change, inventory, look, showRows, subvolumes } from '../support/console.ts';
import { twoBackends, twoPools } from '../support/pools.ts';
import { loseItems, nameIn, nest, receive } from '../support/received.ts';
import { startCommandFixture } from './command-fixture.ts';
import { GRACE_MS, refer, startFixture } from './fixture.ts';

const inPool = { parameters: { pool: 'pool' } };

interface Report {
  readonly objectCount: number;
  readonly orphans: readonly { readonly id: string }[];
  readonly mismatches: readonly unknown[];
  readonly unseen: readonly { readonly id: string }[];
  readonly copies: readonly { readonly kind: string; readonly of: string; readonly backend: string }[];
}

const named = ({ copies }: Report) => copies.map(({ kind, of, backend }) => [kind, of, backend]).toSorted();

test('copies were reported as orphans; they are distinguished, and change no exit status', async (t) => {
  const { stack, api, run } = await startCommandFixture(t, twoPools);
  const { controller, simulator } = stack;
  const volume = await makeVolume(controller, MiB, inPool);
  const [whole, half] = [await makeSnapshot(controller, volume), await makeSnapshot(controller, volume)];
  await receive(stack, whole);
  await receive(stack, half, false);
  await receive(stack, volume, false);
  await change(simulator, '/disk/btrfs/subvolume add fs=pool name=keep');
  await nest(stack, volume, 'keep', 'read-only=no');
  refer(api, volume, whole, half);
  const [text, json, deviceOnly] = await Promise.all([
    run(['report']),
    run(['report', '--json']),
    run(['report', '--json', '--device-only']),
  ]);
  assert.deepEqual([text.code, json.code, deviceOnly.code], [0, 0, 0], text.stderr);
  const report = JSON.parse(json.stdout) as Report;
  assert.deepEqual([report.objectCount, report.orphans, report.mismatches, report.unseen], [3, [], [], []]);
  const expected = [
    ['copy', whole, 'rds1'],
    ['half-received', half, 'rds1'],
    ['half-received', volume, 'rds1'],
    ['nested', volume, 'rds1'],
  ];
  assert.deepEqual(named(report), expected.toSorted());
  const { objects, copies } = JSON.parse(deviceOnly.stdout) as { objects: unknown[] } & Pick<Report, 'copies'>;
  assert.deepEqual([objects.length, copies], [3, report.copies]);
  assert.match(text.stdout, /^3 objects on the backends, 0 of them without a reference in Kubernetes\.\n\nNamed like /);
  assert.match(text.stdout, new RegExp(`  received copy +${whole} +rds1/cold `));
  assert.equal(text.stdout.match(/subvolume\/remove \[find where fs="cold" and uuid="/g)?.length, 2);
});

test('the command for a half-received snapshot removed the whole copy that it had become', async (t) => {
  const { stack, run } = await startCommandFixture(t, twoPools);
  const { controller, simulator } = stack;
  const half = await makeSnapshot(controller, await makeVolume(controller, MiB, inPool));
  const name = await receive(stack, half, false);
  const { stdout } = await run(['report', '--device-only']);
  const command = /^ +(.disk.btrfs.subvolume.remove .*)$/m.exec(stdout)?.[1] ?? assert.fail(stdout);
  let isWhole = true;
  showRows(simulator, '/disk/btrfs/subvolume', (rows) =>
    rows.map((row) =>
      isWhole && row.props.get('name') === name && row.props.get('fs') === 'cold'
        ? {
            ...row,
            props: new Map([...row.props, ['read-only', true], ['received-uuid', crypto.randomUUID()]]),
          }
        : row,
    ),
  );
  const before = subvolumes(simulator);
  await look(simulator, command);
  assert.deepEqual(subvolumes(simulator), before);
  isWhole = false;
  await change(simulator, command);
  assert.equal(subvolumes(simulator).length, before.length - 1);
});

test('a copy is never deleted nor adopted, whatever is asked for, also when nothing else is left', async (t) => {
  const { stack, run } = await startCommandFixture(t, twoPools);
  const { controller, simulator } = stack;
  const volume = await makeVolume(controller, MiB, inPool);
  const snapshots = [await makeSnapshot(controller, volume), await makeSnapshot(controller, volume)];
  const [whole = '', half = ''] = snapshots;
  await receive(stack, whole);
  await receive(stack, half, false);
  await receive(stack, volume);
  for (const snapshotId of snapshots) await controller.deleteSnapshot({ snapshotId });
  await controller.deleteVolume({ volumeId: volume });
  const before = await inventory(simulator);
  assert.equal(subvolumes(simulator).length, 3);
  for (const [id, words] of [
    [whole, 'received copy on rds1/cold'],
    [half, 'half-received on rds1/cold'],
    [volume, 'received copy on rds1/cold'],
  ] as const) {
    for (const flags of [[], ['--copy-of', id]]) {
      const { code, stdout } = await run(['delete', '--yes', ...flags, id], `${id}\n`);
      assert.equal(code, 2);
      assert.match(stdout, new RegExp(`${id}: refused: it is not on the backends .* has its name: ${words}\n`));
    }
    const adopted = await run(['adopt', id]);
    assert.deepEqual([adopted.code, adopted.stdout], [2, '']);
    assert.match(adopted.stderr, new RegExp(`${id} is not on the backends .* has its name: ${words}\n`));
  }
  assert.deepEqual(await inventory(simulator), before);
});

test('deleting an orphan leaves its copy alone', async (t) => {
  const { stack, api, run } = await startCommandFixture(t, twoPools);
  const volume = await makeVolume(stack.controller, MiB, inPool);
  const orphan = await makeSnapshot(stack.controller, volume);
  refer(api, volume);
  const copy = await receive(stack, orphan);
  assert.equal((await run(['delete', '--yes', orphan])).code, 0);
  const left = JSON.parse((await run(['report', '--json'])).stdout) as Report;
  assert.deepEqual([left.orphans, named(left)], [[], [['copy', orphan, 'rds1']]]);
  assert.equal(nameIn(stack, 'cold', orphan), copy);
});

test('what a transfer has brought to another backend is reported as its copy, and is no second object there', async (t) => {
  const { stack, api, run } = await startCommandFixture(t, twoBackends);
  const volume = await makeVolume(stack.controller, MiB, { parameters: { backend: 'rds1' } });
  const snapshot = await makeSnapshot(stack.controller, volume);
  await receive(stack, snapshot);
  refer(api, volume, snapshot);
  const { code, stdout } = await run(['report', '--json']);
  const report = JSON.parse(stdout) as Report;
  assert.deepEqual([code, report.orphans, report.mismatches, report.unseen], [0, [], [], []]);
  assert.deepEqual(named(report), [['copy', snapshot, 'rds2']]);
});

test('a volume of which two pools have one, and no disk item, is reported as undecided and is not deleted', async (t) => {
  const { stack, run } = await startCommandFixture(t, twoPools);
  const volume = await makeVolume(stack.controller, MiB, inPool);
  await receive(stack, volume, false);
  await loseItems(stack);
  const { stdout } = await run(['report', '--device-only']);
  assert.equal(stdout.match(new RegExp(`  undecided +${volume} +rds1/(pool|cold)\n`, 'g'))?.length, 2);
  assert.doesNotMatch(stdout, /subvolume\/remove/);
  const before = await inventory(stack.simulator);
  const deleted = await run(['delete', '--device-only', volume], `${volume}\n`);
  assert.match(deleted.stdout, /: failed: .*\[RC-TWO\]/);
  const adopted = await run(['adopt', '--device-only', volume]);
  assert.deepEqual([adopted.code, adopted.stdout], [2, '']);
  assert.match(adopted.stderr, /rds1\/pool and rds1\/cold .*docs\/guides\/troubleshooting\.md/);
  assert.deepEqual(await inventory(stack.simulator), before);
});

test('the orphan controller calls no copy an orphan and removes none, also of what is gone', async (t) => {
  const { stack, told, refer: referTo, passAfter } = await startFixture(t, { deletePartial: true }, twoPools);
  const { controller, simulator } = stack;
  const [kept, gone] = [await makeVolume(controller, MiB, inPool), await makeVolume(controller, MiB, inPool)];
  const [whole, half] = [await makeSnapshot(controller, gone), await makeSnapshot(controller, gone)];
  for (const id of [whole, gone]) await receive(stack, id);
  for (const id of [half, kept]) await receive(stack, id, false);
  for (const snapshotId of [whole, half]) await controller.deleteSnapshot({ snapshotId });
  await controller.deleteVolume({ volumeId: gone });
  referTo(kept);
  const before = await inventory(simulator);
  for (let pass = 0; pass < 3; pass += 1) assert.equal(await passAfter(GRACE_MS), 'done');
  assert.deepEqual([told.orphans, told.removed, told.failed], [[], [], []]);
  assert.deepEqual(await inventory(simulator), before);
});
