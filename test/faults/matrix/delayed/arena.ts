import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Statement } from '../../../../src/simulator/console/hooks.ts';
import type { ArmedFault } from '../../../../src/simulator/faults/fault-plan.ts';
import { outcome } from '../../../support/calls.ts';
import { inventory } from '../../../support/console.ts';
import { LeapingClock } from '../../../support/leaping-clock.ts';
import { type Stack, startStack } from '../../../support/stack.ts';
import { until } from '../../../support/until.ts';
import { impatient, OPEN, retryUntilAnswered } from '../arena.ts';
import { Recorder } from '../recording.ts';
import { bytesOf, type Ground, layGround } from '../scenarios.ts';
import type { Cell } from './cells.ts';
import { Cluster } from './cluster.ts';
import type { HeldCall } from './held-call.ts';
import type { ControllerClient } from './told.ts';

/** How often the RDS refuses what it refuses: the driver tries a refused command again. */
const REFUSALS = 2;

/** In ms, less than the time within which a script may write. */
const IN_TIME_MS = 7_000;
/** In ms, more than that. */
const TOO_LATE_MS = 12_000;

/** What a cell leaves to be wished for. */
export interface Remains {
  /** What was on the RDS in the end and nothing referred to; it has been deleted like anything else. */
  readonly left: readonly string[];
  /** How many volumes were larger than an answer said. */
  readonly larger: number;
}

/** One RDS on which cell after cell is tried, and two processes that drive it. No one waits in real time, nor does the RDS. */
export class DelayedArena {
  readonly #stack: Stack;
  readonly #ground: Ground;
  readonly #recorder: Recorder;
  readonly #clock: LeapingClock;
  readonly #other: ControllerClient;

  private constructor(stack: Stack, ground: Ground, recorder: Recorder, clock: LeapingClock, other: ControllerClient) {
    this.#stack = stack;
    this.#ground = ground;
    this.#recorder = recorder;
    this.#clock = clock;
    this.#other = other;
  }

  /** @param quirks Names of those that the RDS has. */
  static async open(t: TestContext, quirks: readonly string[]): Promise<DelayedArena> {
    const [recorder, clock] = [new Recorder(), new LeapingClock()];
    const stack = await startStack(t, {
      patience: { ...impatient, clock },
      simulator: { hooks: recorder.hooks, clock: { now: clock.rds.now, wait: clock.wait }, quirks },
    });
    return new DelayedArena(stack, await layGround(stack), recorder, clock, await stack.anotherController());
  }

  /** Makes the call without holding it, and repeats it until it succeeds. @returns what it ran at first. */
  async record(held: HeldCall): Promise<readonly Statement[]> {
    const { cluster, prepared } = await this.#prepare(held);
    const refusal = this.#refuse(held);
    this.#recorder.take();
    const code = await outcome(prepared.call(cluster.controller));
    refusal?.disarm();
    const statements = this.#recorder.take();
    assert.ok(code === 'OK' || held.refusal !== undefined, code);
    await prepared.answered((await retryUntilAnswered(() => prepared.call(cluster.controller))).reply);
    await cluster.prove(true);
    await cluster.bringDown();
    return statements;
  }

  /** Tries one cell. */
  async try(held: HeldCall, { place, isRepeated, walk, course }: Cell): Promise<Remains> {
    const { simulator } = this.#stack;
    const clean = await inventory(simulator);
    const { cluster, prepared } = await this.#prepare(held);
    const refusal = this.#refuse(held);
    const stall = simulator.faults.arm({ kind: 'stall', at: place.at, ms: 'untilReleased', disconnect: true });
    try {
      const code = await outcome(prepared.call(cluster.controller));
      const begin = this.#clock.now();
      assert.equal(stall.standing, 1, 'the statement is held, or the cell proves nothing');
      assert.ok(OPEN.has(code), `${code} ends the attempts of a sidecar`);
      refusal?.disarm();
      if (course !== 'same process') cluster.controller = this.#other;
      if (isRepeated)
        await prepared.answered((await retryUntilAnswered(() => prepared.call(cluster.controller))).reply);
      else prepared.givenUp?.();
      for (const move of walk) await move.make(cluster);
      if (course === 'another process, too late') this.#clock.leap(TOO_LATE_MS);
      if (course === 'another process, in time') assert.ok(this.#clock.now() - begin < IN_TIME_MS, 'it is in time');
      assert.equal(stall.standing, 1, 'the statement was held until now');
    } finally {
      refusal?.disarm();
      stall.disarm();
      stall.release();
      await until(async () => simulator.running === 0);
    }
    const isExact = course !== 'another process, in time';
    const { larger } = await cluster.prove(isExact);
    await cluster.bringDown();
    return { left: await this.#leftBehind(clean, isExact), larger };
  }

  async #prepare(held: HeldCall) {
    const { controller } = this.#stack;
    const cluster = new Cluster(this.#stack, { controller, other: this.#other }, held.capability);
    return { cluster, prepared: await held.prepare(cluster, this.#ground) };
  }

  #refuse({ refusal }: HeldCall): ArmedFault | undefined {
    return refusal && this.#stack.simulator.faults.arm(refusal, REFUSALS);
  }

  /** Deletes what nothing refers to, as lists show it, and proves that the RDS is as it was. */
  async #leftBehind(clean: readonly string[], isExact: boolean): Promise<string[]> {
    const { simulator } = this.#stack;
    const { volumeId, snapshotId, now, earlier } = this.#ground;
    const left = (await inventory(simulator)).filter((entry) => !clean.includes(entry));
    if (isExact) assert.deepEqual(left, [], 'nothing is left in the end');
    if (left.length > 0) await this.#deleteListed();
    assert.deepEqual(await inventory(simulator), clean, 'what is left can be deleted');
    assert.ok(bytesOf(this.#stack, volumeId).equals(now), 'the bytes of the other volume');
    assert.ok(bytesOf(this.#stack, snapshotId).equals(earlier), 'the bytes of the other snapshot');
    return left;
  }

  async #deleteListed(): Promise<void> {
    const other = this.#other;
    const { volumeId: ground, snapshotId: groundSnapshot } = this.#ground;
    for (const { volume } of (await other.listVolumes({})).entries) {
      const { volumeId = ground } = volume ?? {};
      if (volumeId !== ground) await retryUntilAnswered(() => other.deleteVolume({ volumeId }));
    }
    for (const { snapshot } of (await other.listSnapshots({})).entries) {
      const { snapshotId = groundSnapshot } = snapshot ?? {};
      if (snapshotId !== groundSnapshot) await retryUntilAnswered(() => other.deleteSnapshot({ snapshotId }));
    }
  }
}
