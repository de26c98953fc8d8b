import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { BACKEND } from '../support/backend.ts';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { inventory, subvolumes } from '../support/console.ts';
import { pattern, write } from '../support/images.ts';
import { fromSnapshot, fromVolume } from '../support/requests.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { imagePath } from './image-path.ts';

const MEMBERS = ['volume', 'first snapshot', 'second snapshot', 'restore', 'clone of the restore'] as const;
type Member = (typeof MEMBERS)[number];

/** Every twentieth order is enough where each deletion is slow: Btrfs itself keeps the members apart. */
const STEP = BACKEND === 'files' ? 1 : 20;

/** An id, and the bytes that belong to it. */
interface Kept {
  readonly id: string;
  readonly bytes: Buffer;
}

/** A volume, two snapshots of it, a restore of the first and a clone of that, each with bytes of its own. */
async function makeFamily(stack: Stack): Promise<Record<Member, Kept>> {
  const { controller } = stack;
  const halves = (first: string, second: string) => Buffer.concat([half(first), half(second)]);
  const volume = await makeVolume(controller, MiB);
  await write(stack, volume, 0, halves('old', 'common'));
  const first = await makeSnapshot(controller, volume);
  await write(stack, volume, 0, half('recent'));
  const second = await makeSnapshot(controller, volume);
  await write(stack, volume, 0, half('now'));
  const restore = await makeVolume(controller, MiB, fromSnapshot(first));
  await write(stack, restore, 2 ** 19, half('restored'));
  const clone = await makeVolume(controller, MiB, fromVolume(restore));
  await write(stack, clone, 0, half('cloned'));
  return {
    volume: { id: volume, bytes: halves('now', 'common') },
    'first snapshot': { id: first, bytes: halves('old', 'common') },
    'second snapshot': { id: second, bytes: halves('recent', 'common') },
    restore: { id: restore, bytes: halves('old', 'restored') },
    'clone of the restore': { id: clone, bytes: halves('cloned', 'restored') },
  };
}

function half(seed: string): Buffer {
  return pattern(seed, 2 ** 19);
}

/** The bytes of an object where the simulated RDS keeps them; undefined when it has none. */
function bytesOf({ simulator, simulatorOptions }: Stack, id: string): Buffer | undefined {
  const name = subvolumes(simulator).find((one) => `rds1:${one}`.startsWith(id));
  return name === undefined ? undefined : readFileSync(imagePath(simulatorOptions, name));
}

function permutations<T>(items: readonly T[]): T[][] {
  return items.length < 2
    ? [[...items]]
    : items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]));
}

test('in whatever order a family of volumes and snapshots is deleted, each keeps its bytes to its own end', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const orders = permutations(MEMBERS).filter((_, index) => index % STEP === 0);
  for (const order of orders) {
    const family = await makeFamily(stack);
    const left = new Set<Member>(order);
    for (const which of order) {
      const { id } = family[which];
      if (which.endsWith('snapshot')) await controller.deleteSnapshot({ snapshotId: id });
      else await controller.deleteVolume({ volumeId: id });
      left.delete(which);
      for (const member of MEMBERS) {
        const found = bytesOf(stack, family[member].id);
        const expected = left.has(member) ? family[member].bytes : undefined;
        const isRight = found === expected || (expected !== undefined && found?.equals(expected) === true);
        assert.ok(isRight, `${member} after the ${which} was deleted, in the order ${order.join(', ')}`);
      }
    }
    assert.deepEqual(await inventory(simulator), [], order.join(', '));
  }
  t.diagnostic(`permutations: ${orders.length} orders on ${BACKEND}`);
});
