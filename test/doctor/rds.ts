import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { type DoctorOptions, type DoctorReport, runDoctor } from '../../src/doctor/doctor.ts';
import type { NamedFinding } from '../../src/doctor/finding.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulate.ts';
import { placePools } from '../support/backend.ts';
import { generateKey } from '../support/keys.ts';

const POOL = { label: 'pool', uuid: '5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f', mountPoint: 'pool' };

/** Short waits for an RDS that answers within a millisecond. */
export const QUICK = { execs: 3, survivalMs: 1_600, patienceMs: 6_000, connectMs: 5_000, cleanUpAttempts: 5 };

/** A simulated RDS, and a doctor for it in this process. */
export interface ExaminedRds {
  readonly directory: string;
  readonly simulator: Simulator;
  readonly config: Config;
  /** The configuration as a file. */
  readonly configFile: string;
  examine(options?: Partial<DoctorOptions>): Promise<DoctorReport>;
}

/**
 * Starts an RDS with one pool, and stops it after the test, or whatever `t` stands for.
 *
 * @param backend merged over the configuration of the RDS
 */
export async function startExaminedRds(
  t: Pick<TestContext, 'after'>,
  simulatorOptions: Partial<SimulatorOptions> = {},
  backend: Readonly<Record<string, unknown>> = {},
): Promise<ExaminedRds> {
  const directory = await mkdtemp(join(tmpdir(), 'rose-doctor-'));
  const stops: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];
  t.after(async () => {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
  });
  const { privateKey, publicKey } = generateKey();
  const privateKeyFile = join(directory, 'id_ed25519');
  await writeFile(privateKeyFile, privateKey, { mode: 0o600 });
  const placed = placePools(simulatorOptions.pools ?? [{ ...POOL, sizeBytes: 2 ** 40 }]);
  stops.push(placed.remove);
  const simulator = await startSimulator({
    stateDir: join(directory, 'state'),
    listen: { host: '127.0.0.1', port: 0 },
    authorizedKeys: publicKey,
    user: 'keeper',
    ...simulatorOptions,
    backend: placed.backend,
    pools: placed.pools,
  });
  stops.push(() => simulator.close());
  const document = {
    clusterId: 'doctor-tests',
    backends: [
      {
        name: 'rds1',
        ssh: {
          host: simulator.address,
          port: simulator.port,
          user: 'keeper',
          privateKeyFile,
          hostKeys: [simulator.hostKeyFingerprint],
        },
        nvme: { address: '127.0.0.1' },
        pools: [POOL],
        ...backend,
      },
    ],
  };
  const configFile = join(directory, 'rose-csi.json');
  await writeFile(configFile, JSON.stringify(document));
  const config = parseConfig(document, 'test');
  const examine = (options: Partial<DoctorOptions> = {}) => runDoctor({ config, timing: QUICK, ...options });
  return { directory, simulator, config, configFile, examine };
}

/** The finding of one test, in the first pool where it was made in several. */
export function findingOf({ backends }: DoctorReport, id: string): NamedFinding | undefined {
  return backends[0]?.findings.find((finding) => finding.id === id);
}
