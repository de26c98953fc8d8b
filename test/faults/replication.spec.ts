/** Every fault at the statements of a replicator, on both sides: each snapshot gets its copy all the same, and nothing else is touched. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Fault, Place } from '../../src/simulator/faults/fault.ts';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { change, look } from '../support/console.ts';
import { pattern, write } from '../support/images.ts';
import { startReplicaPair } from '../support/replica-pair.ts';
import { until } from '../support/until.ts';
import { impatient } from './matrix/arena.ts';

const TRANSFER = '/disk/btrfs/transfer';
const SUBVOLUME = '/disk/btrfs/subvolume';

const STATEMENTS: readonly (readonly [side: 'near' | 'far', place: Place])[] = [
  ['near', { path: '/disk/btrfs/filesystem', command: 'print' }],
  ['near', { path: SUBVOLUME, command: 'print' }],
  ['near', { path: TRANSFER, command: 'find' }],
  ['near', { path: TRANSFER, command: 'get' }],
  ['near', { path: TRANSFER, command: 'add' }],
  ['near', { path: TRANSFER, command: 'remove' }],
  ['near', { path: TRANSFER, command: 'send' }],
  ['near', { path: TRANSFER, command: 'send', nth: 2 }],
  ['far', { path: SUBVOLUME, command: 'print' }],
  ['far', { path: SUBVOLUME, command: 'remove' }],
  ['far', { path: TRANSFER, command: 'find' }],
  ['far', { path: TRANSFER, command: 'add' }],
  ['far', { path: TRANSFER, command: 'remove' }],
  ['far', { path: TRANSFER, command: 'receive' }],
  ['far', { path: TRANSFER, command: 'receive', nth: 2 }],
];

const faultsAt = (at: Place): readonly Fault[] => [
  { kind: 'fail', at, error: 'failure: no luck today' },
  { kind: 'kill', at, when: 'before' },
  { kind: 'kill', at, when: 'after' },
  { kind: 'drop', at, when: 'before', scriptRunsOn: false },
  { kind: 'drop', at, when: 'before', scriptRunsOn: true },
  { kind: 'drop', at, when: 'after', scriptRunsOn: true },
  { kind: 'restart', at, when: 'before', downMs: 0 },
  { kind: 'restart', at, when: 'after', downMs: 0 },
];

/** Two RDS, a volume with a snapshot that has its copy, and one that looks after copies. */
async function place(t: TestContext) {
  const stack = await startReplicaPair(t, { stack: { patience: impatient, ssh: { writeWithinSeconds: 3 } } });
  const volumeId = await makeVolume(stack.controller, MiB, { parameters: { backend: 'rds1', pool: 'pool' } });
  await write(stack, volumeId, 0, pattern('first', 200_000));
  await makeSnapshot(stack.controller, volumeId);
  let now = 0;
  const replicator = await stack.replicator({ now: () => now, patience: impatient });
  /** Looks after copies until each snapshot has one, whatever goes wrong, as time passes. */
  const settle = () =>
    until(async () => {
      now += 3_600_000;
      const status = await replicator.pass({ signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
      return status?.missing.length === 0 && status.sending === undefined;
    }, 30_000);
  await settle();
  return { stack, volumeId, settle };
}

for (const [side, at] of STATEMENTS) {
  const { path, command, nth = 1 } = at;
  test(`copies come in spite of any fault at ${path} ${command} (${nth}) of the ${side === 'near' ? 'first' : 'second'} RDS`, async (t) => {
    const { stack, volumeId, settle } = await place(t);
    const { simulator, far, controller } = stack;
    for (const [number, fault] of faultsAt(at).entries()) {
      await write(stack, volumeId, 0, pattern(`${number}`, 100_000));
      const before = simulator.device.pools()[0]?.subvolumes ?? [];
      await makeSnapshot(controller, volumeId);
      const [name = ''] = (simulator.device.pools()[0]?.subvolumes ?? []).filter((one) => !before.includes(one));
      // What a transfer has left that was cut off.
      await change(far, `${SUBVOLUME} add fs=copies name="${name}"`);
      const copies = stack.copies();
      const armed = (side === 'near' ? simulator : far).faults.arm(fault);
      await settle();
      assert.ok(armed.fired > 0, `${fault.kind} struck`);
      const what = JSON.stringify(fault);
      const uuid = `[${SUBVOLUME} get [find where name="${name}"] uuid]`;
      const received = `[${SUBVOLUME} get [find where name="${name}" and read-only=yes] received-uuid]`;
      assert.equal(await look(far, `:put ${received}`), await look(simulator, `:put ${uuid}`), what);
      assert.deepEqual(stack.copies().toSorted(), copies.toSorted(), what);
      assert.deepEqual(simulator.device.pools()[0]?.subvolumes, [...before, name], what);
      assert.equal(await stack.transfers(), '', what);
    }
  });
}
