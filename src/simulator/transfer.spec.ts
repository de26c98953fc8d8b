import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { until } from '../../test/support/until.ts';
import { BACKENDS } from './device/options.ts';
import { type Pair, type PairOptions, pairForTest } from './transfer.testing.ts';

const MIB = 2 ** 20;
const SUBVOLUME = '/disk/btrfs/subvolume';
const TRANSFER = '/disk/btrfs/transfer';
const RECEIVED = { path: TRANSFER, command: 'receive' };
const SENT = { path: TRANSFER, command: 'send' };
const COPIES = 'ssh-receive-mount=cold/copies';

function testOnBackends(name: string, body: (pair: Pair) => Promise<void>, options: PairOptions = {}) {
  for (const backend of BACKENDS) {
    test(`${name} (${backend})`, async (t) => {
      const pair = await pairForTest(t, { ...options, backend });
      if (pair !== undefined) await body(pair);
    });
  }
}

/** Takes a snapshot of v-1. */
const cut = (name: string) => `${SUBVOLUME}/add fs=pool parent=v-1 name=${name} read-only=yes`;

/** A snapshot s-1 with one MiB of noise at the beginning, and s-2 in which a little of that is otherwise. */
async function twoSnapshots({ near }: Pair): Promise<void> {
  await near.write(randomBytes(MIB));
  await near.write('first');
  await near.change(
    `/file/add name=pool/v-1/notes type=directory; /file/add name=pool/v-1/notes/a.txt contents="kept"`,
  );
  await near.change(cut('s-1'));
  await near.write('after');
  await near.change('/file/remove [find where name="pool/v-1/notes/a.txt"]');
  await near.change(cut('s-2'));
}

testOnBackends(
  'a snapshot is sent, read-only and known by its uuid, and restored with the same bytes',
  async (pair) => {
    const { near, far, send } = pair;
    await twoSnapshots(pair);
    await send('s-1', COPIES);
    const row = await near.transferIs('done');
    const { near: nearPort = '', ...shown } = { ...row, 'ssh-port': 0 } as Record<string, unknown>;
    assert.equal(nearPort, '');
    assert.deepEqual(shown, {
      '.id': '*1',
      type: 'send',
      fs: 'pool',
      'send-subvolumes': ['s-1'],
      'ssh-address': '127.0.0.1',
      'ssh-port': 0,
      'ssh-user': 'backup',
      'ssh-receive-mount': 'cold/copies',
      status: 'done',
      bytes: row['bytes'],
    });
    assert.ok(Number(row['bytes']) > MIB && Number(row['bytes']) < 1.2 * MIB, `${row['bytes']}: holes stay holes`);
    const received = await far.transferIs('done');
    assert.deepEqual([received['type'], received['bytes']], ['receive', row['bytes']]);

    const [original, copy] = [await near.subvolume('s-1'), await far.subvolume('copies/s-1')];
    assert.deepEqual([copy?.['name'], copy?.['read-only'], copy?.['path']], ['s-1', true, 'copies/s-1']);
    assert.equal(copy?.['received-uuid'], original?.['uuid']);
    assert.match(`${copy?.['recv-time']} ${original?.['send-time']}`, /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ?){2}$/);
    assert.deepEqual(
      [original?.['received-uuid'], original?.['recv-time'], copy?.['send-time']],
      [undefined, undefined, undefined],
    );
    assert.equal(await far.sizeOf('cold-disk/copies/s-1/volume.img'), 4 * MIB);
    assert.equal(
      await far.run(':put [/file/get [find where name="cold-disk/copies/s-1/notes/a.txt"] contents]'),
      'kept',
    );

    await near.change(
      `/disk/remove v-1; ${SUBVOLUME}/remove [find where name=v-1]; ${SUBVOLUME}/remove [find where name=s-1]`,
    );
    await far.change(`${SUBVOLUME}/add fs=cold parent=s-1 name=v-2`);
    assert.equal((await far.subvolume('v-2'))?.['received-uuid'], undefined);
    assert.match(await far.read('cold-disk/v-2', 0, 5), /^first$/);
  },
);

testOnBackends('an incremental transfer sends what is different, and needs its parent there', async (pair) => {
  const { near, far, send } = pair;
  await twoSnapshots(pair);
  const second = `${COPIES} send-parent=s-1`;
  await send('s-2', second);
  await near.transferIs('cannot find parent subvolume');
  assert.equal(await far.subvolume('copies/s-2'), undefined);
  await send('s-1');
  const whole = await near.transferIs('done');
  await send('s-2', second);
  const little = await near.transferIs('done');
  assert.ok(Number(little['bytes']) < Number(whole['bytes']) / 10, `${little['bytes']} of ${whole['bytes']}`);
  assert.equal(little['send-parent'], 's-1');
  assert.equal((await far.subvolume('copies/s-2'))?.['parent'], 's-1');
  const [there, here] = [await restored(far, 'cold', 's-2'), await restored(near, 'pool', 's-2')];
  assert.ok(there.startsWith('after') && there === here);
  assert.equal(await far.sizeOf('cold-disk/copies/s-2/notes/a.txt'), undefined, 'what was removed is gone');

  await near.change(`${TRANSFER}/remove [find]`);
  assert.deepEqual(await near.rows(TRANSFER), []);
});

/** The bytes of a copy, of which a writable snapshot is made. */
async function restored(rds: Pair['near'], fs: string, name: string): Promise<string> {
  await rds.change(`${SUBVOLUME}/add fs=${fs} parent=${name} name=r-1`);
  return rds.read(`${fs === 'cold' ? 'cold-disk' : fs}/r-1`, 0, 2 * MIB);
}

testOnBackends('the way back is incremental, too', async (pair) => {
  const { near, far, send, key } = pair;
  await twoSnapshots(pair);
  await send('s-1');
  const whole = await near.transferIs('done');
  await near.administer('/user/add name=backup group=write');
  await near.administer(`/user/ssh-keys/add user=backup key="${key.publicKey}"`);
  await near.change(`${SUBVOLUME}/add fs=pool name=back; ${TRANSFER}/add type=receive fs=pool file=pool/back`);
  await far.putFile('cold-disk/key', key.pem);
  await far.administer('/user/ssh-keys/private/import user=csi private-key-file=cold-disk/key');
  await far.change(`${SUBVOLUME}/add fs=cold parent=s-1 name=v-2`);
  await far.change(`${SUBVOLUME}/add fs=cold parent=v-2 name=s-3 read-only=yes`);
  const target = `ssh-address=127.0.0.1 ssh-port=${near.simulator.port} ssh-user=backup ssh-receive-mount=pool/back`;
  await far.change(`${TRANSFER}/add type=send fs=cold send-subvolumes=s-3 send-parent=s-1 ${target}`);
  const little = await far.transferIs('done');
  assert.ok(Number(little['bytes']) < Number(whole['bytes']) / 10, `${little['bytes']} of ${whole['bytes']}`);
  const [original, copy] = [await far.subvolume('s-3'), await near.subvolume('back/s-3')];
  assert.deepEqual([copy?.['received-uuid'], copy?.['parent']], [original?.['uuid'], 's-1']);
  assert.ok((await restored(near, 'pool', 's-3')).startsWith('first'));
});

testOnBackends(
  'what is cut off in the middle stays half, under its name, and nothing can be sent over it',
  async (pair) => {
    const { near, far, send } = pair;
    await twoSnapshots(pair);
    far.simulator.faults.arm({ kind: 'drop', at: { ...RECEIVED, nth: 8 }, when: 'before', scriptRunsOn: false });
    await send('s-1');
    await near.transferIs('ssh: connection lost');
    await far.transferIs('interrupted');
    const half = await far.subvolume('copies/s-1');
    assert.deepEqual(
      [half?.['read-only'], half?.['received-uuid'], half?.['recv-time']],
      [false, undefined, undefined],
    );
    await send('s-1');
    await near.transferIs(/^BTRFS_IOC_SUBVOL_CREATE failed: File exists$/);
    await far.change(`${SUBVOLUME}/remove [find where name=s-1]`);
    await send('s-1');
    await near.transferIs('done');

    const incremental = `${COPIES} send-parent=s-1`;
    far.simulator.faults.arm({ kind: 'fail', at: { ...RECEIVED, nth: 2 }, error: 'no luck today' });
    await send('s-2', incremental);
    await near.transferIs('no luck today');
    const second = await far.subvolume('copies/s-2');
    assert.deepEqual([second?.['read-only'], second?.['received-uuid']], [false, undefined]);
    assert.equal(await far.sizeOf('cold-disk/copies/s-2/volume.img'), 4 * MIB, 'its size tells nothing');
  },
);

testOnBackends('a row shows how far it is, and what it sends cannot be removed meanwhile', async (pair) => {
  const { near, far, send } = pair;
  await twoSnapshots(pair);
  await send('s-1');
  await near.transferIs('done');
  const stall = near.simulator.faults.arm({ kind: 'stall', at: SENT, ms: 'untilReleased', disconnect: false }, 3);
  await send('s-2', COPIES);
  const moved: number[] = [];
  for (let step = 1; step <= 3; step++) {
    await until(async () => stall.fired === step && stall.standing === 1);
    const row = await near.transfer();
    assert.equal(row?.['status'], 'in progress');
    moved.push(Number(row?.['bytes']));
    assert.match(await near.run(`${SUBVOLUME}/remove [find where name=s-2]`), /Operation not permitted/);
    stall.release();
  }
  assert.ok(moved[0] === 0 && Number(moved[1]) > 0 && Number(moved[2]) > Number(moved[1]), `${moved}`);
  await near.transferIs('done');
  await far.transferIs('done');
  await near.change(`${SUBVOLUME}/remove [find where name=s-2]`);
});

testOnBackends('a receiver that is full, or becomes it, says so', async (pair) => {
  const { near, far, send } = pair;
  await twoSnapshots(pair);
  far.simulator.device.conditions.set({ pool: 'cold', full: true });
  await send('s-1');
  await near.transferIs('BTRFS_IOC_SUBVOL_CREATE failed: No space left on device');
  assert.equal(await far.subvolume('copies/s-1'), undefined);
  far.simulator.device.conditions.heal();
  const stall = far.simulator.faults.arm({
    kind: 'stall',
    at: { ...RECEIVED, nth: 8 },
    ms: 'untilReleased',
    disconnect: false,
  });
  await send('s-1');
  await until(async () => stall.standing === 1);
  assert.equal((await far.subvolume('copies/s-1'))?.['read-only'], false, 'it is there while it comes');
  far.simulator.device.conditions.set({ pool: 'cold', full: true });
  stall.release();
  await near.transferIs('No space left on device');
  assert.equal((await far.subvolume('copies/s-1'))?.['received-uuid'], undefined);
});

for (const [who, place] of [
  ['far', RECEIVED],
  ['near', SENT],
] as const) {
  testOnBackends(`${who === 'far' ? 'the receiver' : 'the sender'} restarts in the middle`, async (pair) => {
    const { near, far, send } = pair;
    await twoSnapshots(pair);
    const { faults } = pair[who].simulator;
    faults.arm({ kind: 'restart', at: { ...place, nth: 8 }, when: 'before', downMs: 0 });
    await send('s-1');
    await near.transferIs(who === 'far' ? 'ssh: connection lost' : 'interrupted');
    await far.transferIs(who === 'far' ? 'interrupted' : 'ssh: connection lost');
    const half = await far.subvolume('copies/s-1');
    assert.deepEqual([half?.['read-only'], half?.['received-uuid']], [false, undefined]);
    await far.change(`${SUBVOLUME}/remove [find where name=s-1]`);
    await send('s-1');
    await near.transferIs('done');
  });
}

testOnBackends('rows and copies are there again when the processes are', async (pair) => {
  const { near, far, send } = pair;
  await twoSnapshots(pair);
  await send('s-1');
  await near.transferIs('done');
  const before = [
    await near.rows(TRANSFER),
    await far.rows(TRANSFER),
    await far.rows(SUBVOLUME),
    await far.rows('/file'),
  ];
  const [sender, receiver] = [await pair.again(near), await pair.again(far)];
  const after = [await sender.rows(TRANSFER), await receiver.rows(TRANSFER)];
  assert.deepEqual([...after, await receiver.rows(SUBVOLUME), await receiver.rows('/file')], before);
  await receiver.change(`${SUBVOLUME}/add fs=cold parent=s-1 name=v-2`);
  assert.equal(await receiver.read('cold-disk/v-2', 0, 5), 'first');
});

test('a simulator that was killed in the middle starts again, with the half that had come', async (t) => {
  const pair = await pairForTest(t);
  assert.ok(pair);
  const { near, far, send } = pair;
  await twoSnapshots(pair);
  const at = { ...RECEIVED, nth: 8 };
  const stall = far.simulator.faults.arm({ kind: 'stall', at, ms: 'untilReleased', disconnect: false });
  await send('s-1');
  await until(async () => stall.standing === 1);
  // What is on the disk now is what a power cut would leave.
  const [sender, receiver] = [await pair.image(near), await pair.image(far)];
  stall.release();
  await near.transferIs('done');

  await sender.transferIs('interrupted');
  await receiver.transferIs('interrupted');
  const half = await receiver.subvolume('copies/s-1');
  assert.deepEqual([half?.['read-only'], half?.['received-uuid']], [false, undefined]);
  assert.equal(await receiver.sizeOf('cold-disk/copies/s-1/volume.img'), 4 * MIB);
  await receiver.change(`${SUBVOLUME}/remove [find where name=s-1]`);
});

test('more than there is room for is not received', async (t) => {
  const cold = { label: 'cold', mountPoint: 'cold-disk', sizeBytes: MIB / 2 };
  const pair = await pairForTest(t, { far: { pools: [cold] } });
  assert.ok(pair);
  await twoSnapshots(pair);
  await pair.send('s-1');
  await pair.near.transferIs('No space left on device');
  const half = await pair.far.subvolume('copies/s-1');
  assert.deepEqual([half?.['read-only'], half?.['received-uuid']], [false, undefined]);
});

test('what is wrong is in the row, and nothing is received', async (t) => {
  const pair = await pairForTest(t);
  assert.ok(pair);
  const { near, far, send } = pair;
  await twoSnapshots(pair);
  const cases: readonly [more: string, status: string][] = [
    ['ssh-receive-mount=cold/nowhere', 'cold/nowhere: No such file or directory'],
    ['ssh-receive-mount=cold-disk/copies', 'cold-disk/copies: No such file or directory'],
    ['ssh-receive-mount=cold', 'nothing is to be received there'],
    [`${COPIES} ssh-port=1`, 'ssh: could not connect'],
    [`${COPIES} ssh-user=stranger`, 'ssh: authentication failed'],
  ];
  for (const [more, status] of cases) {
    const target = `ssh-address=127.0.0.1 ${more.includes('ssh-port') ? '' : `ssh-port=${far.simulator.port}`}`;
    const user = more.includes('ssh-user') ? '' : 'ssh-user=backup';
    await near.change(`${TRANSFER}/add type=send fs=pool send-subvolumes=s-1 ${target} ${user} ${more}`);
    await near.transferIs(status);
  }
  await send('v-1');
  await near.transferIs('BTRFS_IOC_SEND failed: Operation not permitted');
  assert.deepEqual(far.simulator.device.pools()[0]?.subvolumes, ['copies']);
});

test('an account that may only look is refused, and so is a key that is not there', async (t) => {
  const pair = await pairForTest(t, { without: 'key' });
  assert.ok(pair);
  const { near, far, send } = pair;
  await near.change(cut('s-1'));
  await send('s-1');
  await near.transferIs('ssh: authentication failed');
  await near.administer('/user/ssh-keys/private/import user=csi private-key-file=pool/key');
  await far.administer('/user/group/add name=looks policy=ssh,read');
  await far.administer(`/user/add name=looker group=looks; /user/ssh-keys/add user=looker key="${pair.key.publicKey}"`);
  const target = `ssh-address=127.0.0.1 ssh-port=${far.simulator.port} ssh-user=looker ${COPIES}`;
  await near.change(`${TRANSFER}/add type=send fs=pool send-subvolumes=s-1 ${target}`);
  await near.transferIs('not enough permissions (9)');
  assert.deepEqual(far.simulator.device.pools()[0]?.subvolumes, ['copies']);
});

test('arguments are those of RouterOS, and what is not carried out is refused', async (t) => {
  const pair = await pairForTest(t);
  assert.ok(pair);
  const { near } = pair;
  await near.change(cut('s-1'));
  const target = `ssh-address=127.0.0.1 ssh-user=backup ${COPIES}`;
  const lacking = /the simulator does not carry out/;
  for (const [line, words] of [
    [`add type=send fs=pool send-subvolumes=s-1 file=pool/x`, lacking],
    [`add type=send fs=pool send-subvolumes=s-1,v-1 ${target}`, lacking],
    [`add type=send fs=pool send-subvolumes=s-1 ssh-address=192.0.2.1 ssh-user=x ${COPIES}`, lacking],
    [`add type=receive fs=pool file=pool/v-1/volume.img`, lacking],
    [`add copy-from=*1`, lacking],
    [`reset [find]`, /expected item id|the simulator does not carry out/],
    [`add type=nonsense`, /^input does not match any value of type/],
    [`add type=send fs=none`, /^input does not match any value of fs/],
    [`add type=send fs=pool send-subvolumes=none ${target}`, /^input does not match any value of send-subvolumes/],
    [`add type=send fs=pool send-subvolumes=s-1 send-parent=none ${target}`, /^input does not match .* send-parent/],
    [`add type=send fs=pool send-subvolumes=s-1 ssh-user=backup`, /^failure: ssh-address must be specified/],
    [`add type=receive fs=pool file=nowhere/x`, /^invalid value for argument file/],
    [`add type=receive fs=pool file=pool/nowhere`, /^failure: no such directory/],
    [`add comment=x`, /^bad parameter comment/],
    [`set [find] ssh-port=1`, /^bad command name set/],
  ] as const) {
    assert.match(await near.run(`${TRANSFER}/${line}`), words, line);
  }
});
