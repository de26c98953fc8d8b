import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './device/device.testing.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulate.ts';
import { generateEd25519 } from './ssh/ed25519.ts';

/** A running simulator and what a client needs to log in. */
export interface SimulatorUnderTest {
  readonly simulator: Simulator;
  readonly stateDir: string;
  /** Text of the private key that may log in. */
  readonly privateKey: string;
}

const KEY = generateEd25519('test');

/** Starts a simulator with one pool `pool`; it stops with the test. */
export async function simulatorForTest(
  t: TestContext,
  options: Partial<SimulatorOptions> = {},
): Promise<SimulatorUnderTest> {
  const stateDir = options.stateDir ?? join(await temporaryDirectory(t), 'state');
  const simulator = await startSimulator({
    stateDir,
    listen: { host: '127.0.0.1', port: 0 },
    user: 'csi',
    authorizedKeys: KEY.publicKey,
    pools: [{ label: 'pool', mountPoint: 'pool', sizeBytes: 2 ** 40 }],
    ...options,
  });
  t.after(() => simulator.close());
  return { simulator, stateDir, privateKey: KEY.privateKey };
}
