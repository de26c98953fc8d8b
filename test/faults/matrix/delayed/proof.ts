import assert from 'node:assert/strict';
import { refused } from '../../../support/calls.ts';
import type { Stack } from '../../../support/stack.ts';
import { bytesOf } from '../scenarios.ts';
import { itemOf, namesThere, recordedNodes } from './rds.ts';
import type { ControllerClient, Snapshot, Volume } from './told.ts';

/** Holds an RDS against what answers said about it. */
export class Proof {
  readonly #stack: Stack;
  readonly #controller: ControllerClient;
  readonly #isExact: boolean;
  #larger = 0;

  /** @param isExact Else what is gone may have come back, on no node, and a volume may be larger than an answer said. */
  constructor(stack: Stack, controller: ControllerClient, isExact: boolean) {
    this.#stack = stack;
    this.#controller = controller;
    this.#isExact = isExact;
  }

  /** How many volumes are larger than an answer said. */
  get larger(): number {
    return this.#larger;
  }

  /** Of a volume that is there, or gone. */
  async ofVolume(volume: Volume): Promise<void> {
    const { simulator } = this.#stack;
    const { id, standing } = volume;
    if (standing === 'open') return;
    const item = await itemOf(simulator, id);
    const recorded = recordedNodes(item);
    if (standing === 'gone') {
      if (this.#isExact)
        assert.deepEqual([namesThere(simulator, id), item], [[], undefined], 'what was deleted is gone');
      assert.deepEqual([recorded, item?.exported ?? false], [[], false], 'what was deleted is on no node');
      return;
    }
    const found = bytesOf(this.#stack, id);
    proveBytes(found, volume.bytes);
    if (found.length > volume.bytes.length && !volume.mayBeLarger) {
      assert.ok(!this.#isExact, `${found.length} bytes, told were ${volume.bytes.length}`);
      this.#larger += 1;
    }
    const missing = [...volume.nodes.keys()].filter((nodeId) => !recorded.includes(nodeId));
    assert.deepEqual(missing, [], 'every node that has it is recorded');
    const strange = recorded.filter((nodeId) => !volume.nodes.has(nodeId) && !volume.open.has(nodeId));
    assert.deepEqual(strange, [], 'no other node is recorded: no one would ever take it off');
    const exported = item?.exported ?? (volume.isItemLost ? false : undefined);
    if (volume.open.size === 0) assert.equal(exported, volume.nodes.size > 0, 'it is exported while a node has it');
    if (volume.nodes.size > 0) await this.#inUse(volume);
  }

  /** Of a snapshot that is there, or gone. */
  ofSnapshot({ id, standing, bytes }: Snapshot): void {
    if (standing === 'there') {
      const found = bytesOf(this.#stack, id);
      proveBytes(found, bytes);
      assert.equal(found.length, bytes.length, 'the size of the snapshot');
    }
    if (standing === 'gone' && this.#isExact) {
      assert.deepEqual(namesThere(this.#stack.simulator, id), [], 'what was deleted is gone');
    }
  }

  /** What a node has it reads by the NQN that it was given, and no one deletes it. */
  async #inUse({ id, bytes, nodes }: Volume): Promise<void> {
    const { api } = this.#stack;
    for (const nqn of nodes.values()) {
      const { size } = await api.namespace(nqn);
      proveBytes(await api.read(nqn, { offset: 0, length: size }), bytes);
    }
    await refused(this.#controller.deleteVolume({ volumeId: id }), 'FAILED_PRECONDITION', /published/);
    for (const nqn of nodes.values()) await api.namespace(nqn);
  }
}

/** What was written is there, and behind it is nothing. */
function proveBytes(found: Buffer, expected: Buffer): void {
  assert.ok(found.length >= expected.length, `${found.length} bytes of ${expected.length}`);
  assert.ok(found.subarray(0, expected.length).equals(expected), 'the bytes that were written');
  assert.ok(
    found.subarray(expected.length).every((byte) => byte === 0),
    'nothing behind them',
  );
}
