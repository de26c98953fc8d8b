import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { BACKENDS } from '../device/options.ts';
import { type Pair, type PairOptions, pairForTest } from '../transfer.testing.ts';
import { TRANSFER_QUIRKS } from './transfer-quirks.ts';

const SUBVOLUME = '/disk/btrfs/subvolume';
const TRANSFER = '/disk/btrfs/transfer';
const SENT = { path: TRANSFER, command: 'send' };
const RECEIVED = { path: TRANSFER, command: 'receive' };

const tested = new Set<string>();

/** A test that the quirks make a difference; the pair has two snapshots, s-1 and s-2. */
function testQuirk(
  names: readonly string[],
  body: (pair: Pair, t: TestContext) => Promise<void>,
  options?: PairOptions,
) {
  for (const name of names) tested.add(name);
  test(`${names.join(', ')}: the difference that it says (${options?.backend ?? 'files'})`, async (t) => {
    const pair = await pairForTest(t, options);
    if (pair === undefined) return;
    await pair.near.write(randomBytes(2 ** 19));
    for (const name of ['s-1', 's-2']) {
      await pair.near.change(`${SUBVOLUME}/add fs=pool parent=v-1 name=${name} read-only=yes`);
    }
    await body(pair, t);
  });
}

/** As {@link testQuirk}, on both backends: what the quirk does is up to the filesystem as well. */
function testQuirkOnBackends(names: readonly string[], body: (pair: Pair) => Promise<void>) {
  for (const backend of BACKENDS) testQuirk(names, body, { backend });
}

/** Sends s-1, and holds it before its third piece. */
async function held({ near, send }: Pair) {
  const at = { ...SENT, nth: 3 };
  const stall = near.simulator.faults.arm({ kind: 'stall', at, ms: 'untilReleased', disconnect: false });
  await send('s-1');
  await until(async () => stall.standing === 1);
  return stall;
}

/** What there is of s-1 at the receiver: read-only, and known by a uuid. */
async function copy({ far }: Pair): Promise<unknown> {
  const row = await far.subvolume('copies/s-1');
  return row && [row['read-only'], row['received-uuid'] !== undefined];
}

/** The statuses of the transfers of `near`. */
async function statuses({ near }: Pair): Promise<readonly unknown[]> {
  return (await near.rows(TRANSFER)).map(({ status }) => status);
}

testQuirk(
  ['receive-row-not-needed'],
  async ({ near, far, send }) => {
    await send('s-1');
    await near.transferIs('nothing is to be received there');
    far.simulator.quirks.set(['receive-row-not-needed']);
    await send('s-1');
    await near.transferIs('done');
  },
  { without: 'row' },
);

testQuirk(['receive-row-each-time'], async ({ near, far, send }) => {
  far.simulator.quirks.set(['receive-row-each-time']);
  await send('s-1');
  await near.transferIs('done');
  await send('s-2');
  await near.transferIs('nothing is to be received there');
  far.simulator.quirks.set([]);
  await send('s-2');
  await near.transferIs('done');
});

testQuirk(['receive-mount-is-path', 'receive-mount-not-top'], async ({ near, far, send }) => {
  await far.change(`${TRANSFER}/add type=receive fs=cold file=cold-disk`);
  far.simulator.quirks.set(['receive-mount-is-path']);
  await send('s-1');
  await near.transferIs('cold/copies: No such file or directory');
  await send('s-1', 'ssh-receive-mount=cold-disk/copies');
  await near.transferIs('done');
  far.simulator.quirks.set(['receive-mount-not-top']);
  await send('s-2', 'ssh-receive-mount=cold');
  await near.transferIs('cold: No such file or directory');
  far.simulator.quirks.set([]);
  await send('s-2', 'ssh-receive-mount=cold');
  await near.transferIs('done');
  assert.equal((await far.subvolume('s-2'))?.['read-only'], true);
});

testQuirk(['transfer-host-key-remembered'], async (pair, t) => {
  const { near, far, send } = pair;
  await send('s-1');
  await near.transferIs('done');
  const { port } = far.simulator;
  await far.simulator.close();
  // Another RDS at the same address, which knows no one.
  const other = await pairForTest(t, { far: { listen: { host: '127.0.0.1', port } } });
  assert.ok(other);
  await send('s-2');
  await near.transferIs('ssh: authentication failed');
  near.simulator.quirks.set(['transfer-host-key-remembered']);
  await send('s-2');
  await near.transferIs('ssh: host key changed');
});

testQuirk(
  ['transfer-tries-all-keys'],
  async (pair) => {
    const { near, send } = pair;
    await near.administer(
      '/user/add name=backups group=full; /user/ssh-keys/private/import user=backups private-key-file=pool/key',
    );
    await send('s-1');
    await near.transferIs('ssh: authentication failed');
    near.simulator.quirks.set(['transfer-tries-all-keys']);
    await send('s-1');
    await near.transferIs('done');
  },
  { without: 'key' },
);

testQuirk(['receive-needs-policy'], async (pair) => {
  const { near, far, send } = pair;
  far.simulator.quirks.set(['receive-needs-policy']);
  await send('s-1');
  await near.transferIs('not enough permissions (9)');
  assert.equal(await copy(pair), undefined);
  far.simulator.quirks.set([]);
  await send('s-1');
  await near.transferIs('done');
});

testQuirkOnBackends(['break-leaves-nothing', 'break-leaves-read-only'], async (pair) => {
  const { near, far, send } = pair;
  for (const [names, left] of [
    [[], [false, false]],
    [['break-leaves-nothing'], undefined],
    [['break-leaves-read-only'], [true, false]],
  ] as const) {
    far.simulator.quirks.set(names);
    far.simulator.faults.arm({ kind: 'kill', at: { ...RECEIVED, nth: 4 }, when: 'before' });
    await send('s-1');
    await near.transferIs('ssh: connection lost');
    await far.transferIs('interrupted');
    assert.deepEqual(await copy(pair), left);
    if (left !== undefined) await far.change(`${SUBVOLUME}/remove [find where name=s-1]`);
  }
});

testQuirk(['transfer-rows-lost', 'transfer-rows-run-again'], async (pair) => {
  const { near, send } = pair;
  await send('s-1');
  await near.transferIs('done');
  await near.restart();
  assert.deepEqual(await statuses(pair), ['done']);
  near.simulator.quirks.set(['transfer-rows-run-again']);
  await near.restart();
  await near.transferIs('BTRFS_IOC_SUBVOL_CREATE failed: File exists');
  near.simulator.quirks.set(['transfer-rows-lost']);
  await near.restart();
  assert.deepEqual(await statuses(pair), []);
});

testQuirkOnBackends(['transfer-removal-cancels', 'transfer-removal-refused'], async (pair) => {
  const { near, far } = pair;
  const remove = `${TRANSFER}/remove [find]`;
  near.simulator.quirks.set(['transfer-removal-refused']);
  const stall = await held(pair);
  assert.equal(await near.run(remove), 'failure: transfer is in progress');
  near.simulator.quirks.set(['transfer-removal-cancels']);
  await near.change(remove);
  await far.transferIs('ssh: connection lost');
  assert.deepEqual(await copy(pair), [false, false]);
  stall.release();

  near.simulator.quirks.set([]);
  await far.change(`${SUBVOLUME}/remove [find where name=s-1]`);
  const again = await held(pair);
  await near.change(remove);
  again.release();
  await far.transferIs('done');
  assert.deepEqual([await copy(pair), await statuses(pair)], [[true, true], []], 'it went on without its row');
});

testQuirkOnBackends(['sent-not-protected'], async (pair) => {
  const { near, far } = pair;
  const remove = `${SUBVOLUME}/remove [find where name=s-1]`;
  await held(pair);
  assert.equal(await near.run(remove), 'BTRFS_IOC_SNAP_DESTROY failed: Operation not permitted');
  near.simulator.quirks.set(['sent-not-protected']);
  await near.change(remove);
  await near.transferIs('No such file or directory');
  await far.transferIs('ssh: connection lost');
  assert.deepEqual(await copy(pair), [false, false]);
});

testQuirk(['transfer-status-other', 'transfer-status-unset'], async (pair) => {
  const { near, far, send } = pair;
  const seen = async () => {
    const shown: unknown[] = [];
    for (const names of [[], ['transfer-status-other'], ['transfer-status-unset']]) {
      near.simulator.quirks.set(names);
      shown.push((await near.transfer())?.['status']);
    }
    near.simulator.quirks.set([]);
    return shown;
  };
  const stall = await held(pair);
  assert.deepEqual(await seen(), ['in progress', 'running', undefined]);
  stall.release();
  await near.transferIs('done');
  assert.deepEqual(await seen(), ['done', 'finished', 'done']);
  await send('s-1');
  const text = 'BTRFS_IOC_SUBVOL_CREATE failed: File exists';
  await near.transferIs(text);
  assert.deepEqual(await seen(), [text, `error: ${text}`, text]);
  assert.equal((await far.transfer())?.['status'], 'done', 'what was refused is no transfer');
});

test('every quirk of transfers is tested', () => {
  assert.deepEqual(new Set(TRANSFER_QUIRKS.map(({ name }) => name)), tested);
});
