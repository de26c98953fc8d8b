import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DescMessage, getOption, hasOption } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { createClient } from '../../test/support/grpc-client.ts';
import { messageOf } from '../failures/message.ts';
import { StorageError } from '../storage/errors.ts';
import { csi_secret, file_csi, Identity } from './gen/csi_pb.js';
import { implement } from './grpc-binding.ts';
import { loggedFields, rpcLog } from './log.ts';
import { filesystem, refusal, snapshot, startController, startServer, volume } from './services.fixture.ts';

interface Line {
  readonly ms: number;
  readonly level: number;
  readonly code: string;
  readonly err?: { readonly stack: string };
}

/** A logger, and what it has written. */
function recorder() {
  const lines: string[] = [];
  const logger = pino({ base: null, timestamp: false, level: 'debug' }, { write: (line: string) => lines.push(line) });
  /** The lines without their duration, which must be a number of milliseconds. */
  const entries = () =>
    lines.map((line) => {
      const { ms, ...rest }: Line = JSON.parse(line);
      assert.ok(Number.isFinite(ms) && ms >= 0 && ms < 60_000, `ms is ${ms}`);
      return rest;
    });
  return { interceptors: [rpcLog(logger)], entries, text: () => lines.join('') };
}

const { debug, info, warn, error } = pino.levels.values;
const secrets = { password: 'hunter2' };

test('one line per RPC: the call, its ids, the code and the time', async (t) => {
  const log = recorder();
  const client = await startController(
    t,
    {
      createVolume: async () => volume,
      createSnapshot: async () => snapshot,
      publishVolume: async () => ({ address: '192.0.2.1', port: 4420, nqn: 'nqn', bytes: 1n }),
      deleteVolume: async () => undefined,
    },
    log.interceptors,
  );
  const volumeContentSource = { type: { case: 'snapshot' as const, value: { snapshotId: 'rds:snap-0' } } };
  await client.createVolume({ name: 'pvc-1', volumeCapabilities: [filesystem()], volumeContentSource });
  await client.createSnapshot({ name: 'snap-1', sourceVolumeId: 'rds:pvc-1' });
  await client.controllerPublishVolume({ volumeId: 'rds:pvc-1', nodeId: 'node', volumeCapability: filesystem() });
  await client.deleteVolume({ volumeId: 'rds:pvc-1' });
  const line = { level: info, code: 'OK', msg: 'rpc' };
  assert.deepEqual(log.entries(), [
    { ...line, rpc: 'CreateVolume', csiName: 'pvc-1', source: 'rds:snap-0', volumeId: 'rds:pvc-1' },
    { ...line, rpc: 'CreateSnapshot', csiName: 'snap-1', sourceVolumeId: 'rds:pvc-1', snapshotId: 'rds:snap-1' },
    { ...line, rpc: 'ControllerPublishVolume', volumeId: 'rds:pvc-1', nodeId: 'node' },
    { ...line, rpc: 'DeleteVolume', volumeId: 'rds:pvc-1' },
  ]);
});

test('a refusal is a warning with the words that the caller got, and the cause', async (t) => {
  const log = recorder();
  const deleteVolume = async () => {
    throw new StorageError('RDS-UNREACHABLE', 'rds', 'timeout', { cause: new Error('connect ECONNREFUSED') });
  };
  const client = await startController(t, { deleteVolume }, log.interceptors);
  await assert.rejects(
    client.deleteVolume({ volumeId: 'rds:pvc-1', secrets }),
    refusal(status.UNAVAILABLE, /^rds: .*: timeout\. /),
  );
  await assert.rejects(client.deleteVolume({ secrets }), refusal(status.INVALID_ARGUMENT, 'volume_id is missing'));
  const line = { level: warn, rpc: 'DeleteVolume', msg: 'rpc' };
  assert.deepEqual(log.entries(), [
    {
      ...line,
      volumeId: 'rds:pvc-1',
      code: 'UNAVAILABLE',
      error: messageOf('RDS-UNREACHABLE', 'rds', 'timeout'),
      cause: 'connect ECONNREFUSED',
    },
    { ...line, code: 'INVALID_ARGUMENT', error: 'volume_id is missing [DRV-INVALID]' },
  ]);
});

test('a defect is an error with its stack', async (t) => {
  const log = recorder();
  const client = await startController(t, {}, log.interceptors);
  await assert.rejects(client.deleteVolume({ volumeId: 'x' }), refusal(status.INTERNAL, /defect/));
  const [line] = log.entries();
  assert.deepEqual([line?.level, line?.code], [error, 'INTERNAL']);
  assert.match(line?.err?.stack ?? '', /unexpected call of deleteVolume.*services\.fixture\.ts/s);
});

test('chatter is logged at debug, unless it fails', async (t) => {
  const log = recorder();
  const answers = [async () => ({ ready: true }), async () => Promise.reject(new StorageError('DRV-BUSY', 'x'))];
  const probe = async () => (answers.shift() ?? assert.fail())();
  const { path } = await startServer(t, [implement(Identity, { probe })], log.interceptors);
  const client = createClient(Identity, `unix://${path}`);
  t.after(() => client.close());
  await client.probe({});
  await assert.rejects(client.probe({}));
  assert.deepEqual(
    log.entries().map(({ level }) => level),
    [debug, warn],
  );
});

test('a call that no one waits for any more is marked', async (t) => {
  const log = recorder();
  const caller = new AbortController();
  const logged = Promise.withResolvers<void>();
  const client = await startController(
    t,
    {
      deleteVolume: (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve());
          caller.abort();
        }),
    },
    [(_, next) => next().finally(logged.resolve), ...log.interceptors],
  );
  await assert.rejects(client.deleteVolume({ volumeId: 'x' }, { signal: caller.signal }));
  await logged.promise;
  assert.deepEqual(log.entries(), [
    { level: info, rpc: 'DeleteVolume', volumeId: 'x', code: 'OK', callerGone: true, msg: 'rpc' },
  ]);
});

test('secrets, parameters and contexts never reach the log', async (t) => {
  const log = recorder();
  const client = await startController(
    t,
    { createVolume: async () => volume, createSnapshot: async () => snapshot, deleteVolume: async () => undefined },
    log.interceptors,
  );
  const parameters = { 'csi.storage.k8s.io/pvc/name': 'hunter2' };
  await client.createVolume({ name: 'a', volumeCapabilities: [filesystem()], secrets, parameters });
  await client.createSnapshot({ name: 'a', sourceVolumeId: 'b', secrets, parameters });
  await client.deleteVolume({ volumeId: 'a', secrets });
  await assert.rejects(client.createVolume({ name: 'a', secrets, parameters }));
  assert.equal(log.entries().length, 4);
  assert.doesNotMatch(log.text(), /hunter2|password/);
});

test('no logged field is a secret of the contract', () => {
  const messages = (list: readonly DescMessage[]): DescMessage[] =>
    list.flatMap((message) => [message, ...messages(message.nestedMessages)]);
  const secret = messages(file_csi.messages)
    .flatMap(({ fields }) => fields)
    .filter((field) => hasOption(field, csi_secret) && getOption(field, csi_secret));
  assert.ok(secret.length > 10);
  assert.deepEqual(
    secret.filter(({ localName }) => loggedFields.has(localName)),
    [],
  );
});

test('an id of absurd length is cut', async (t) => {
  const log = recorder();
  const client = await startController(t, {}, log.interceptors);
  await assert.rejects(client.deleteVolume({ volumeId: 'x'.repeat(100_000) }));
  assert.ok(log.text().length < 1000);
});
