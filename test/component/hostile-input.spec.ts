import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { MiB, makeSnapshot, makeVolume, node, outcome, publish, refused } from '../support/calls.ts';
import { change, inventory, look } from '../support/console.ts';
import { Faults } from '../support/faults.ts';
import { fromSnapshot, volumeRequest } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

/** Texts that would do harm if any of them got into a script as it is. */
const HOSTILE = [
  '$[/disk remove [find where type=file]]',
  '"; /disk/btrfs/subvolume remove [find where name=Documents]; :put "',
  '\\"; /system/reboot; :put \\"',
  '"} do={}; /disk remove [find]; :onerror e in={:put "',
  '$e $xV $[:put 1] \\$[:put 2]',
  '`reboot`; $(reboot) && reboot | reboot',
  '\n/disk remove [find]\r\n',
  "' or 1=1 --",
  '../../Documents',
  '\\5C\\22\\',
  '%s%n%x {{.Env}} $HOME',
  '.*|^$[a-z](',
  '🧨 名前 "ü" \u202e',
  '#',
  ' ',
];

/** An RDS with a neighbour, and the commands that the driver has run on it. */
async function startWatched(t: TestContext) {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  await change(stack.simulator, '/disk/btrfs/subvolume add fs=pool name=Documents');
  await change(stack.simulator, '/disk add type=file slot=theirs file-path="/pool/Documents/a.img" file-size=1M');
  /** What the RDS runs for a call. */
  const commandsOf = async (call: () => Promise<unknown>) => {
    faults.seen.length = 0;
    await call();
    return [...faults.seen];
  };
  return { ...stack, commandsOf };
}

test('a hostile name runs the very commands that an innocent one runs', async (t) => {
  const { controller, simulator, commandsOf } = await startWatched(t);
  const before = await inventory(simulator);
  const live = (name: string) => async () => {
    const { volume } = await controller.createVolume(volumeRequest(name, MiB));
    const sourceVolumeId = volume?.volumeId ?? '';
    const { snapshot } = await controller.createSnapshot({ name, sourceVolumeId });
    const source = fromSnapshot(snapshot?.snapshotId ?? '');
    const { volume: restored } = await controller.createVolume(volumeRequest(`${name}2`, MiB, source));
    await controller.deleteVolume({ volumeId: restored?.volumeId ?? '' });
    await controller.deleteSnapshot({ snapshotId: snapshot?.snapshotId ?? '' });
    await controller.deleteVolume({ volumeId: sourceVolumeId });
  };
  const innocent = await commandsOf(live('innocent'));
  assert.ok(innocent.length > 50);
  for (const name of HOSTILE) {
    assert.deepEqual(await commandsOf(live(name)), innocent, JSON.stringify(name));
    assert.deepEqual(await inventory(simulator), before);
  }
});

test('human-readable text in the comment of a disk is plain, whatever the claim is called', async (t) => {
  const { controller, simulator, commandsOf } = await startWatched(t);
  const live = (words: string) => async () => {
    const parameters = {
      'csi.storage.k8s.io/pvc/name': words,
      'csi.storage.k8s.io/pvc/namespace': words,
      'csi.storage.k8s.io/whatever': words,
    };
    const volumeId = await makeVolume(controller, MiB, { parameters });
    const comment = await look(simulator, ':put [/disk get [find where slot~"^pvc-"] comment]');
    assert.match(comment, /^rose:2 [0-9a-f]{8} \| [A-Za-z0-9 ._/-]{1,80}$/);
    await controller.deleteVolume({ volumeId });
  };
  const innocent = await commandsOf(live('claim'));
  for (const words of HOSTILE) {
    assert.deepEqual(await commandsOf(live(words)), innocent, JSON.stringify(words));
  }
});

test('a claim that is called like the record of a publication publishes nothing', async (t) => {
  const { controller } = await startWatched(t);
  const record = `rose:2 0123abcd ${node(7).slice(-36)}:w:0a1b2c3d | x`;
  const parameters = { 'csi.storage.k8s.io/pvc/name': record, 'csi.storage.k8s.io/pvc/namespace': record };
  const volumeId = await makeVolume(controller, MiB, { parameters });
  assert.deepEqual((await controller.controllerGetVolume({ volumeId })).status?.publishedNodeIds, []);
  await publish(controller, volumeId);
  assert.deepEqual((await controller.controllerGetVolume({ volumeId })).status?.publishedNodeIds, [node(1)]);
  await controller.controllerUnpublishVolume({ volumeId, nodeId: node(1) });
  await controller.deleteVolume({ volumeId });
});

test('hostile ids, node ids, tokens and parameters never reach the RDS', async (t) => {
  const { controller, api, simulator } = await startWatched(t);
  const volumeId = await makeVolume(controller, MiB);
  const before = await inventory(simulator);
  const execs = await api.execs();
  for (const text of HOSTILE) {
    for (const id of [text, `rds1:${text}`, `${volumeId}${text}`]) {
      await controller.deleteVolume({ volumeId: id });
      await controller.deleteSnapshot({ snapshotId: id });
      await refused(makeSnapshot(controller, id), 'NOT_FOUND');
      await refused(publish(controller, id), 'NOT_FOUND');
      await refused(makeVolume(controller, MiB, fromSnapshot(id)), 'NOT_FOUND');
      await refused(controller.controllerGetVolume({ volumeId: id }), 'NOT_FOUND');
      assert.deepEqual((await controller.listSnapshots({ sourceVolumeId: id })).entries, []);
      assert.deepEqual((await controller.listSnapshots({ snapshotId: id })).entries, []);
    }
    await refused(publish(controller, volumeId, text), 'NOT_FOUND');
    await controller.controllerUnpublishVolume({ volumeId, nodeId: text });
    await refused(controller.listVolumes({ startingToken: text }), 'ABORTED');
    for (const key of ['pool', 'backend', 'fsType', text]) {
      await refused(makeVolume(controller, MiB, { parameters: { [key]: text } }), 'INVALID_ARGUMENT');
    }
  }
  assert.equal(await api.execs(), execs);
  assert.deepEqual(await inventory(simulator), before);
});

test('names with control characters and fields that are too long are invalid, 128 bytes are not', async (t) => {
  const { controller, api, simulator } = await startWatched(t);
  const volumeId = await makeVolume(controller, MiB);
  const before = await inventory(simulator);
  const execs = await api.execs();
  for (const name of ['a\u0000b', '\u0007', 'a\u001b[2J', 'a\u007f', 'a\u0085', 'ü'.repeat(65)]) {
    await refused(controller.createVolume(volumeRequest(name, MiB)), 'INVALID_ARGUMENT', /name/);
    await refused(controller.createSnapshot({ name, sourceVolumeId: volumeId }), 'INVALID_ARGUMENT', /name/);
  }
  const long = 'x'.repeat(5000);
  await refused(controller.deleteVolume({ volumeId: long }), 'INVALID_ARGUMENT', /volume_id/);
  await refused(controller.deleteSnapshot({ snapshotId: long }), 'INVALID_ARGUMENT', /snapshot_id/);
  await refused(publish(controller, volumeId, long), 'INVALID_ARGUMENT', /node_id/);
  const parameters = { 'csi.storage.k8s.io/pvc/name': long };
  await refused(makeVolume(controller, MiB, { parameters }), 'INVALID_ARGUMENT', /parameters/);
  assert.equal(await api.execs(), execs);
  assert.deepEqual(await inventory(simulator), before);
  for (const name of ['ü'.repeat(64), '𝒳'.repeat(32), 'n'.repeat(128)]) {
    const { volume } = await controller.createVolume(volumeRequest(name, MiB));
    await controller.createSnapshot({ name, sourceVolumeId: volume?.volumeId ?? '' });
    assert.deepEqual(await controller.createVolume(volumeRequest(name, MiB)).then((again) => again.volume), volume);
  }
});

test('huge and negative numbers are refused in words, and nothing is made or changed', async (t) => {
  const { controller, api, simulator } = await startWatched(t);
  const volumeId = await makeVolume(controller, MiB);
  const before = await inventory(simulator);
  const execs = await api.execs();
  const refusedAs = /^(INVALID_ARGUMENT|OUT_OF_RANGE)$/;
  for (const bytes of [-1n, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 60n + 1n]) {
    const capacityRange = { requiredBytes: bytes };
    assert.match(await outcome(makeVolume(controller, bytes)), refusedAs);
    assert.match(await outcome(controller.controllerExpandVolume({ volumeId, capacityRange })), refusedAs);
  }
  for (const limitBytes of [-1n, -(2n ** 63n), 1n]) {
    const capacityRange = { requiredBytes: MiB, limitBytes };
    assert.match(await outcome(makeVolume(controller, MiB, { capacityRange })), refusedAs);
    assert.match(await outcome(controller.controllerExpandVolume({ volumeId, capacityRange })), refusedAs);
  }
  for (const maxEntries of [-1, -(2 ** 31)]) {
    await refused(controller.listVolumes({ maxEntries }), 'INVALID_ARGUMENT', /max_entries/);
    await refused(controller.listSnapshots({ maxEntries }), 'INVALID_ARGUMENT', /max_entries/);
  }
  for (const id of ['-1', '9223372036854775808', '9999999999999999999', '1'.repeat(100), '0x10', '1e3', '01']) {
    await refused(controller.listVolumes({ startingToken: `rds1/pool/${id}` }), 'ABORTED', /token/);
    await refused(controller.listSnapshots({ startingToken: `rds1/pool/${id}` }), 'ABORTED', /token/);
  }
  assert.equal(await api.execs(), execs);
  const most = { maxEntries: 2 ** 31 - 1, startingToken: `rds1/pool/${2n ** 63n - 1n}` };
  assert.deepEqual((await controller.listVolumes(most)).entries, []);
  assert.deepEqual((await controller.listSnapshots(most)).entries, []);
  assert.deepEqual(await inventory(simulator), before);
});

test('megabytes in a field are refused with a sentence that does not repeat them', async (t) => {
  const { controller, api } = await startWatched(t);
  const execs = await api.execs();
  const long = '$[x]"\n'.repeat(2 ** 19);
  const manyParameters = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`key${index}`, '"]']));
  const calls = [
    controller.createVolume(volumeRequest(long, MiB)),
    makeVolume(controller, MiB, { parameters: { pool: long } }),
    makeVolume(controller, MiB, { parameters: { [long]: 'x' } }),
    makeVolume(controller, MiB, { parameters: manyParameters }),
    makeVolume(controller, MiB, { mutableParameters: manyParameters }),
    makeVolume(controller, MiB, fromSnapshot(long)),
    controller.createSnapshot({ name: 'x', sourceVolumeId: long }),
    controller.deleteVolume({ volumeId: long }),
    controller.deleteSnapshot({ snapshotId: long }),
    controller.controllerGetVolume({ volumeId: long }),
    controller.getCapacity({ parameters: manyParameters }),
    controller.listVolumes({ startingToken: long }),
  ];
  for (const call of calls) {
    await assert.rejects(call, ({ details = '' }: { details?: string }) => {
      assert.ok(Buffer.byteLength(details) <= 1024, `${details.length} characters`);
      return true;
    });
  }
  assert.deepEqual((await controller.listSnapshots({ snapshotId: long })).entries, []);
  assert.equal(await api.execs(), execs);
});

test('any text at all is a good name or an invalid one, and does no harm', async (t) => {
  const { controller, simulator, commandsOf } = await startWatched(t);
  const before = await inventory(simulator);
  const innocent = await commandsOf(() => controller.createVolume(volumeRequest('innocent', MiB)));
  const [made = ''] = (await controller.listVolumes({})).entries.map(({ volume }) => volume?.volumeId);
  await controller.deleteVolume({ volumeId: made });
  const text = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    fc
      .array(fc.constantFrom('"', '\\', '$', '[', ']', '{', '}', ';', '\n', '/disk', 'remove', ' ', 'é'), {
        minLength: 1,
        maxLength: 20,
      })
      .map((parts) => parts.join('')),
  );
  await fc.assert(
    fc.asyncProperty(text, async (name) => {
      let end = '';
      const commands = await commandsOf(async () => {
        end = await outcome(controller.createVolume(volumeRequest(name, MiB)));
      });
      const isInvalid = Buffer.byteLength(name) > 128 || /(?![\t\n\r])\p{Cc}/u.test(name);
      assert.equal(end, isInvalid ? 'INVALID_ARGUMENT' : 'OK');
      assert.deepEqual(commands, isInvalid ? [] : innocent);
      for (const { volume } of (await controller.listVolumes({})).entries) {
        await controller.deleteVolume({ volumeId: volume?.volumeId ?? '' });
      }
      assert.deepEqual(await inventory(simulator), before);
    }),
    { numRuns: 30 },
  );
});
