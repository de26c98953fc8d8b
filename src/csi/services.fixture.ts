/** For the specs of this directory: a storage that allows only what a test expects, behind a real socket. */
import { once } from 'node:events';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Client, createClient } from '../../test/support/grpc-client.ts';
import { isFailureCode } from '../failures/catalogue.ts';
import type { Snapshot, SnapshotStore, Storage, Volume } from '../storage/storage.ts';
import { type ControllerOptions, controllerHandlers } from './controller/controller.ts';
import { Controller, VolumeCapability_AccessMode_Mode as Mode, type VolumeCapabilitySchema } from './gen/csi_pb.js';
import { type Implementation, type Interceptor, implement } from './grpc-binding.ts';
import { type RunningServer, serve } from './server.ts';

/** A volume as the storage returns it. */
export const volume: Volume = { id: 'rds:pvc-1', capacityBytes: 1n << 30n, network: 'default', publishedNodeIds: [] };
/** A snapshot as the storage returns it. */
export const snapshot: Snapshot = {
  id: 'rds:snap-1',
  sourceVolumeId: 'rds:pvc-1',
  sizeBytes: 1n << 30n,
  createdAtSeconds: 1_790_000_000n,
  place: { backend: 'rds', pool: 'pool', subvolume: 'snap-1-x', sourceSlot: 'pvc-1' },
};

type Capability = MessageInitShape<typeof VolumeCapabilitySchema>;

/** The capability of a mounted volume. */
export const filesystem = (mode = Mode.SINGLE_NODE_WRITER, fsType = ''): Capability => ({
  accessType: { case: 'mount', value: { fsType } },
  accessMode: { mode },
});
/** The capability of a raw block volume. */
export const block = (mode = Mode.SINGLE_NODE_WRITER): Capability => ({
  accessType: { case: 'block', value: {} },
  accessMode: { mode },
});

/** The methods that a test expects to be called; those of the snapshots have their noun behind them. */
export interface Expected extends Partial<Omit<Storage, 'snapshots'>> {
  readonly createSnapshot?: SnapshotStore['create'];
  readonly deleteSnapshot?: SnapshotStore['delete'];
  readonly getSnapshot?: SnapshotStore['get'];
  readonly listSnapshots?: SnapshotStore['list'];
}

/** A storage whose every method fails but the ones given. */
function fakeStorage({ createSnapshot, deleteSnapshot, getSnapshot, listSnapshots, ...expected }: Expected): Storage {
  const unexpected = (method: string) => () => {
    throw new Error(`unexpected call of ${method}`);
  };
  return {
    ready: unexpected('ready'),
    createVolume: unexpected('createVolume'),
    deleteVolume: unexpected('deleteVolume'),
    getVolume: unexpected('getVolume'),
    listVolumes: unexpected('listVolumes'),
    volumeHealth: unexpected('volumeHealth'),
    listVolumeHealth: unexpected('listVolumeHealth'),
    expandVolume: unexpected('expandVolume'),
    publishVolume: unexpected('publishVolume'),
    unpublishVolume: unexpected('unpublishVolume'),
    capacity: unexpected('capacity'),
    snapshots: {
      create: createSnapshot ?? unexpected('createSnapshot'),
      delete: deleteSnapshot ?? unexpected('deleteSnapshot'),
      get: getSnapshot ?? unexpected('getSnapshot'),
      list: listSnapshots ?? unexpected('listSnapshots'),
    },
    ...expected,
  };
}

/** A directory of its own for a test. */
export async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-csi-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A socket file that no one serves, as a crash leaves it. */
export async function staleSocket(path: string): Promise<void> {
  const born = `${path}.born`;
  const server = createServer().listen(born);
  await once(server, 'listening');
  // Closing removes the file under its first name, and so leaves the renamed one.
  await rename(born, path);
  server.close();
  await once(server, 'close');
}

/** Serves until the test ends. */
export async function startServer(
  t: TestContext,
  services: readonly Implementation[],
  interceptors: readonly Interceptor[] = [],
): Promise<RunningServer> {
  const directory = await temporaryDirectory(t);
  const server = await serve({ endpoint: `unix://${directory}/csi.sock`, services, interceptors });
  t.after(() => server.stop(0));
  return server;
}

/** A client of the Controller service over the given storage. */
export async function startController(
  t: TestContext,
  expected: Expected,
  interceptors: readonly Interceptor[] = [],
  options: Partial<ControllerOptions> = {},
): Promise<Client<typeof Controller>> {
  const handlers = controllerHandlers(fakeStorage(expected), { driverName: 'rds.rose-csi.io', ...options });
  const { path } = await startServer(t, [implement(Controller, handlers)], interceptors);
  const client = createClient(Controller, `unix://${path}`);
  t.after(() => client.close());
  return client;
}

/** For `assert.rejects`: a status with this code, and these words in its message before the code of its failure. */
export const refusal = (code: number, details: RegExp | string) => (error: unknown) => {
  const text = String((error as { details?: unknown }).details);
  const [, words = '', failure = ''] = /^(.*) \[([A-Z-]+)\]$/s.exec(text) ?? [];
  if (!isFailureCode(failure)) throw new Error(`message without a code: "${text}"`);
  return proveStatus(error, code, words, details);
};

/** As {@link refusal}, for a status that gRPC itself answers with. */
export const grpcStatus = (code: number, details: RegExp | string) => (error: unknown) =>
  proveStatus(error, code, String((error as { details?: unknown }).details), details);

function proveStatus(error: unknown, code: number, text: string, details: RegExp | string): true {
  const found = (error as { code?: unknown }).code;
  if (found !== code) throw new Error(`code is ${found}, wanted ${code}: ${text}`);
  if (!(typeof details === 'string' ? text === details : details.test(text))) throw new Error(`message is "${text}"`);
  return true;
}
