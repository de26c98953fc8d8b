import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { Patience } from '../../../src/app/backends.ts';
import type { Controller } from '../../../src/csi/gen/csi_pb.js';
import { defaultRetryPolicy } from '../../../src/routeros/index.ts';
import { inventory, look } from '../../support/console.ts';
import type { Client } from '../../support/grpc-client.ts';
import { LeapingClock } from '../../support/leaping-clock.ts';
import { type Stack, startStack } from '../../support/stack.ts';
import { until } from '../../support/until.ts';
import type { Cell } from './cells.ts';
import { Recorder, type Recording } from './recording.ts';
import { bytesOf, type Ground, layGround, type Prepared, type Scenario } from './scenarios.ts';

/**
 * The driver repeats nothing by itself here, so that every fault reaches the sidecar: what is proven is the retry of the
 * sidecars. That the driver's own retries do no harm is proven by the model test.
 */
export const impatient: Patience = {
  retryPolicy: { rules: defaultRetryPolicy.rules.map((rule) => ({ ...rule, retries: 0 })), budgetMs: 10_000 },
  breaker: { failures: 1_000, firstBreakMs: 1, maxBreakMs: 1 },
};

/** Codes after which external-provisioner and csi-snapshotter keep the object and ask again. All others end the attempt. */
export const OPEN = new Set(['CANCELLED', 'DEADLINE_EXCEEDED', 'UNAVAILABLE', 'ABORTED', 'RESOURCE_EXHAUSTED']);
const MAX_TRIES = 40;
const RETRY_MS = 5;

/** Does to the call in `prepared` what a cell is about. @returns the codes that its sidecar saw before the call succeeded. */
export type Attempt = (prepared: Prepared) => Promise<readonly string[]>;

/** One RDS with its ground, on which cell after cell is tried. */
export class Arena {
  readonly stack: Stack;
  readonly ground: Ground;
  readonly recorder: Recorder;

  private constructor(stack: Stack, ground: Ground, recorder: Recorder) {
    this.stack = stack;
    this.ground = ground;
    this.recorder = recorder;
  }

  static async open(t: TestContext): Promise<Arena> {
    const recorder = new Recorder();
    const clock = new LeapingClock();
    const stack = await startStack(t, {
      patience: { ...impatient, clock },
      simulator: { hooks: recorder.hooks, clock: clock.rds },
    });
    return new Arena(stack, await layGround(stack), recorder);
  }

  /** Runs the call without a fault and writes down what it does. */
  async record(scenario: Scenario): Promise<Recording> {
    const { counters } = this.stack.simulator;
    let recording: Recording | undefined;
    await this.#play(scenario, async (prepared) => {
      const before = counters.values;
      this.recorder.take();
      const reply = await prepared.call(this.stack.controller);
      const statements = this.recorder.take();
      const { execs, outputBytes } = counters.values;
      const answerBytes = outputBytes - before.outputBytes;
      recording = { statements, execs: execs - before.execs, answerBytes };
      await prepared.verify(this.stack.controller, reply);
      return [];
    });
    assert.ok(recording !== undefined && recording.statements.length > 0 && recording.answerBytes > 0);
    return recording;
  }

  /** Tries one cell. @returns the codes that the sidecar saw. */
  async tryCell(scenario: Scenario, { fault }: Cell): Promise<readonly string[]> {
    const { simulator, controller } = this.stack;
    return await this.#play(scenario, async (prepared) => {
      const armed = simulator.faults.arm(fault);
      try {
        const codes = await retry(prepared, controller, this.settled);
        assert.equal(armed.fired, 1, 'the fault must strike, or the cell proves nothing');
        return codes;
      } finally {
        simulator.faults.clear();
      }
    });
  }

  /** Tries something else with the call of a scenario, under the same invariants. */
  async try(scenario: Scenario, attempt: Attempt): Promise<readonly string[]> {
    return await this.#play(scenario, attempt);
  }

  /** Waits until no script is under way. */
  readonly settled = async (): Promise<void> => {
    await until(async () => this.stack.simulator.running === 0);
  };

  /** Prepares, lets `attempt` bring the call to success, and holds the RDS against what it must look like then. */
  async #play(scenario: Scenario, attempt: Attempt): Promise<readonly string[]> {
    const { stack, ground } = this;
    const { simulator, controller } = stack;
    const clean = await inventory(simulator);
    const neighbours = await rows(simulator);
    const prepared = await scenario.prepare(stack, ground);
    const before = await inventory(simulator);
    const codes = await attempt(prepared);
    await this.settled();
    const after = await inventory(simulator);
    assert.equal(
      after.length - before.length,
      prepared.adds,
      `nothing leaked, nothing lost:\n${changes(before, after)}`,
    );
    const [less, more] = prepared.adds < 0 ? [after, before] : [before, after];
    const gone = less.filter((entry) => !more.includes(entry) && prepared.mayGo?.test(entry) !== true);
    assert.deepEqual(gone, [], 'what was there is as it was');
    const kept = await rows(simulator);
    assert.deepEqual(
      neighbours.filter((row) => !kept.includes(row)),
      [],
      'the settings of what belongs to others',
    );
    assert.ok(bytesOf(stack, ground.volumeId).equals(ground.now), 'the bytes of the other volume');
    assert.ok(bytesOf(stack, ground.snapshotId).equals(ground.earlier), 'the bytes of the other snapshot');
    await prepared.cleanUp(controller);
    assert.deepEqual(await inventory(simulator), clean, 'nothing is left in the end');
    return codes;
  }
}

/** Calls again as a sidecar does until it succeeds, then verifies. @throws when a code would have ended its attempts. */
export async function retry(
  prepared: Prepared,
  controller: Client<typeof Controller>,
  settled: () => Promise<void>,
): Promise<readonly string[]> {
  const { codes } = await retryUntilAnswered(async () => {
    const reply = await prepared.call(controller);
    await settled();
    await prepared.verify(controller, reply);
  });
  return codes;
}

/** Calls again as a sidecar does until it succeeds. @throws when a code would have ended its attempts. */
export async function retryUntilAnswered<T>(
  call: () => Promise<T>,
): Promise<{ readonly reply: T; readonly codes: readonly string[] }> {
  const codes: string[] = [];
  for (;;) {
    try {
      return { reply: await call(), codes };
    } catch (error) {
      const { code, details } = error as { code?: unknown; details?: string };
      if (typeof code !== 'number') throw error;
      const name = status[code] ?? String(code);
      codes.push(name);
      assert.ok(OPEN.has(name), `${name} ends the attempts of a sidecar: ${details}`);
      assert.ok(codes.length < MAX_TRIES, `still ${name} after ${codes.length} tries: ${details}`);
      await pause(RETRY_MS);
    }
  }
}

/** Every file-backed disk item and every subvolume of the RDS with all of its properties. */
async function rows(simulator: Stack['simulator']): Promise<string[]> {
  const shown = (menu: string, query: string) =>
    `:foreach i in=[${menu} find ${query}] do={:put [:serialize value=[${menu} get $i] to=json]}`;
  const output = await look(
    simulator,
    `${shown('/disk', 'where type=file')}; ${shown('/disk/btrfs/subvolume', 'where !dead')}`,
  );
  return output.split('\n').map((row) => row.trim());
}

function changes(before: readonly string[], after: readonly string[]): string {
  const lost = before.filter((entry) => !after.includes(entry)).map((entry) => `- ${entry}`);
  const gained = after.filter((entry) => !before.includes(entry)).map((entry) => `+ ${entry}`);
  return [...lost, ...gained].join('\n');
}
