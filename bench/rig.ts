import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE_FLAGS } from '../scripts/node-flags.ts';
import { Controller, Identity } from '../src/csi/gen/csi_pb.js';
import type { RouterOs } from '../src/routeros/index.ts';
import { type Client, createClient } from '../test/support/grpc-client.ts';
import { type Running, type RunningRds, startDriver, startRds, writeConfiguration } from '../test/support/programs.ts';
import { SimulatorApi } from '../test/support/simulator-api.ts';
import { until } from '../test/support/until.ts';
import { converse } from './floor.ts';

export const CLUSTER_ID = 'bench';
export const BACKEND = 'rds1';

export interface RigOptions {
  /** The bundled program. */
  readonly program: string;
  /** Another bundled program for the controller. */
  readonly controller?: string;
  /** Delay of the RDS before each command, in ms. */
  readonly latencyMs: number;
  /** More flags of `rose-csi simulate`. */
  readonly simulate?: readonly string[];
  /** More settings of the RDS in the controller's configuration. */
  readonly limits?: Readonly<Record<string, unknown>>;
}

/** A simulated RDS and the bundled controller, each in a process of its own, and the doors to them. */
export interface Rig {
  readonly directory: string;
  readonly latencyMs: number;
  readonly rds: RunningRds;
  readonly configFile: string;
  readonly driver: Running;
  readonly identity: Client<typeof Identity>;
  readonly controller: Client<typeof Controller>;
  readonly api: SimulatorApi;
  /** A conversation with the RDS beside the driver's. */
  readonly routerOs: RouterOs;
}

/**
 * The RDS keeps its files in memory where the system offers that, so that the disk of this machine, which is not the
 * one of an RDS, has no part in the figures.
 */
export const BASE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Sets up a rig, hands it to `use`, and takes it down whatever happens. */
export async function withRig<T>(options: RigOptions, use: (rig: Rig) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(BASE, 'rose-csi-bench-'));
  const stops: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];
  try {
    const flags = ['--latency-ms', String(options.latencyMs), ...(options.simulate ?? [])];
    const rds = await startRds(options.program, directory, flags);
    stops.push(() => rds.stop());
    const configFile = await writeConfiguration(directory, CLUSTER_ID, rds, options.limits);
    const endpoint = `unix://${join(directory, 'csi.sock')}`;
    const driver = startDriver(options.controller ?? options.program, configFile, endpoint, NODE_FLAGS);
    stops.push(() => driver.stop());
    const doors = {
      identity: createClient(Identity, endpoint),
      controller: createClient(Controller, endpoint),
      api: new SimulatorApi(rds.apiSocket),
      routerOs: converse(rds),
    };
    stops.push(async () => {
      for (const door of [doors.identity, doors.controller, doors.api]) door.close();
      await doors.routerOs.close();
    });
    await until(async () => (await doors.identity.probe({}).catch(() => undefined))?.ready === true).catch((cause) => {
      throw new Error(`the controller did not become ready:\n${driver.log()}`, { cause });
    });
    return await use({ directory, latencyMs: options.latencyMs, rds, configFile, driver, ...doors });
  } finally {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
  }
}
