import { status } from '@grpc/grpc-js';
import type { Controller, Snapshot as SnapshotMessage, Volume as VolumeMessage } from '../../../src/csi/gen/csi_pb.js';
import { BlockError } from '../../../src/simulator/device/blocks.ts';
import { node } from '../../support/calls.ts';
import type { CallOptions, Client } from '../../support/grpc-client.ts';
import { filesystem, fromSnapshot, fromVolume, volumeRequest } from '../../support/requests.ts';
import type { Arena } from './arena.ts';
import type { Command, NodeNumber, Sent } from './commands.ts';
import { blockOf, MiB, offsetOf } from './images.ts';
import { csiId, csiName, objectOf, slotOf } from './names.ts';
import type { Entry, Outcome, Reply } from './outcome.ts';

/** Longest time in ms that a call may take; the driver gives up by itself long before. */
const CALL_MS = 90_000;

/** More pages than anything here has. */
const MAX_PAGES = 1000;

/** A command under way. */
interface Sending {
  readonly arena: Arena;
  readonly run: number;
  readonly controller: Client<typeof Controller>;
  readonly options: CallOptions;
}

/**
 * Runs a command, through its controller or as a node, and says how it ended; never rejects for a refusal.
 *
 * @param signal aborts when the caller leaves
 */
export async function perform(
  arena: Arena,
  run: number,
  { via, command }: Sent,
  signal?: AbortSignal,
): Promise<Outcome> {
  const options = { timeoutMs: CALL_MS, ...(signal === undefined ? {} : { signal }) };
  const sending = { arena, run, controller: arena.controllers.client(via), options };
  try {
    return { code: 'OK', reply: await send(sending, command), message: '' };
  } catch (error) {
    if (error instanceof BlockError) return { code: error.code, reply: {}, message: error.message };
    if (error === signal?.reason) return { code: 'CANCELLED', reply: {}, message: 'the caller left' };
    const { code, details } = error as { code?: number; details?: string };
    if (code === undefined || details === undefined) throw error;
    return { code: status[code] ?? String(code), reply: {}, message: details };
  }
}

async function send(sending: Sending, command: Command): Promise<Reply> {
  const { arena, run, controller, options } = sending;
  const volumeId = 'volume' in command ? csiId(run, `v${command.volume}`) : '';
  const snapshotId = 'snapshot' in command ? csiId(run, `s${command.snapshot}`) : '';
  switch (command.do) {
    case 'create': {
      const request = volumeRequest(
        csiName(run, `v${command.volume}`),
        BigInt(command.mib * MiB),
        sourceOf(run, command),
      );
      const { volume } = await controller.createVolume(request, options);
      return volumeReply(run, volume);
    }
    case 'delete':
      await controller.deleteVolume({ volumeId }, options);
      return {};
    case 'expand': {
      const capacityRange = { requiredBytes: BigInt(command.mib * MiB) };
      const { capacityBytes } = await controller.controllerExpandVolume({ volumeId, capacityRange }, options);
      return { mib: Number(capacityBytes) / MiB };
    }
    case 'publish':
      await controller.controllerPublishVolume(
        { volumeId, nodeId: node(command.node + 1), volumeCapability: filesystem },
        options,
      );
      return {};
    case 'unpublish':
      await controller.controllerUnpublishVolume({ volumeId, nodeId: node(command.node + 1) }, options);
      return {};
    case 'write': {
      const { blocks } = arena.simulator.device;
      const slot = slotOf(run, `v${command.volume}`);
      const exported = blocks.namespaces().find((one) => one.slot === slot);
      if (exported === undefined) throw new BlockError('not-exported', `${slot} is not exported`);
      await blocks.write(exported.nqn, offsetOf(command.place), blockOf(command.seed));
      return {};
    }
    case 'get': {
      const { volume, status: state } = await controller.controllerGetVolume({ volumeId }, options);
      return { ...volumeReply(run, volume), node: nodeOf(state?.publishedNodeIds ?? []) };
    }
    case 'snapshot': {
      const name = csiName(run, `s${command.snapshot}`);
      const { snapshot } = await controller.createSnapshot({ name, sourceVolumeId: volumeId }, options);
      return snapshotReply(run, snapshot);
    }
    case 'drop':
      await controller.deleteSnapshot({ snapshotId }, options);
      return {};
    case 'look':
      return snapshotReply(run, (await controller.getSnapshot({ snapshotId }, options)).snapshot);
    case 'list volumes':
      return { entries: await volumes(sending, command.pageSize) };
    case 'list snapshots':
      return { entries: await snapshots(sending, command.pageSize, '') };
    case 'list snapshots of':
      return { entries: await snapshots(sending, command.pageSize, volumeId) };
    case 'capacity': {
      const { availableCapacity } = await controller.getCapacity({}, options);
      if (availableCapacity <= 0n || availableCapacity > 2n ** 40n) throw new Error(`capacity ${availableCapacity}`);
      return {};
    }
  }
}

function sourceOf(run: number, { from }: Extract<Command, { readonly do: 'create' }>) {
  if (from === undefined) return {};
  return 'snapshot' in from ? fromSnapshot(csiId(run, `s${from.snapshot}`)) : fromVolume(csiId(run, `v${from.volume}`));
}

async function volumes({ run, controller, options }: Sending, maxEntries: number): Promise<Entry[]> {
  return await pages(async (startingToken) => {
    const page = await controller.listVolumes({ maxEntries, startingToken }, options);
    const entries = page.entries.map(({ volume, status: state }) => ({
      object: objectOf(run, volume?.volumeId ?? ''),
      ...volumeReply(run, volume),
      node: nodeOf(state?.publishedNodeIds ?? []),
    }));
    return { entries, nextToken: page.nextToken };
  });
}

async function snapshots({ run, controller, options }: Sending, maxEntries: number, of: string): Promise<Entry[]> {
  return await pages(async (startingToken) => {
    const request = { maxEntries, startingToken, sourceVolumeId: of };
    const page = await controller.listSnapshots(request, options);
    const entries = page.entries.map(({ snapshot }) => ({
      object: objectOf(run, snapshot?.snapshotId ?? ''),
      ...snapshotReply(run, snapshot),
    }));
    return { entries, nextToken: page.nextToken };
  });
}

async function pages(
  fetch: (token: string) => Promise<{ readonly entries: Entry[]; readonly nextToken: string }>,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  let token = '';
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const page = await fetch(token);
    entries.push(...page.entries);
    if (page.nextToken === '') return entries;
    token = page.nextToken;
  }
  throw new Error(`a list has no end after ${MAX_PAGES} pages`);
}

function volumeReply(run: number, volume: VolumeMessage | undefined): Reply {
  const source = volume?.contentSource?.type;
  const id =
    source?.case === 'snapshot' ? source.value.snapshotId : source?.case === 'volume' ? source.value.volumeId : '';
  return {
    mib: Number(volume?.capacityBytes ?? 0n) / MiB,
    source: source?.case === undefined ? undefined : objectOf(run, id),
  };
}

function snapshotReply(run: number, snapshot: SnapshotMessage | undefined): Reply {
  if (snapshot?.readyToUse !== true) throw new Error('a snapshot that is not ready');
  return {
    mib: Number(snapshot.sizeBytes) / MiB,
    source: objectOf(run, snapshot.sourceVolumeId),
    seconds: snapshot.creationTime?.seconds ?? -1n,
  };
}

/** The node of a volume; the model has one at most, so any other answer is none that it knows. */
function nodeOf(ids: readonly string[]): NodeNumber | undefined {
  if (ids.length === 0) return undefined;
  const number = ([0, 1] as const).find((one) => ids.join() === node(one + 1));
  if (number === undefined) throw new Error(`published to ${ids.join()}`);
  return number;
}
