/** One line per RPC. */
import { isMessage, type Message } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { CreateVolumeRequestSchema } from './gen/csi_pb.js';
import type { Interceptor, Rpc } from './grpc-binding.ts';
import { toStatus } from './status.ts';

/**
 * The only request fields that are ever logged, with their names in the log (`name` is pino's own). Whole requests
 * never are: they hold secrets (option `csi_secret`), and maps that users fill.
 */
export const loggedFields: ReadonlyMap<string, string> = new Map([
  ['name', 'csiName'],
  ['volumeId', 'volumeId'],
  ['snapshotId', 'snapshotId'],
  ['sourceVolumeId', 'sourceVolumeId'],
  ['nodeId', 'nodeId'],
  ['stagingTargetPath', 'stagingTargetPath'],
  ['targetPath', 'targetPath'],
  ['volumePath', 'volumePath'],
]);

/** Asked every few seconds or at every start of a sidecar: level debug when they succeed. */
const chatter: ReadonlySet<string> = new Set([
  'Probe',
  'GetPluginInfo',
  'GetPluginCapabilities',
  'ControllerGetCapabilities',
  'NodeGetCapabilities',
  'NodeGetInfo',
  'NodeGetVolumeStats',
  'NodeGetVolumeHealth',
  'NodeGetStorageHealth',
]);

/** Longest logged field, in characters: a valid id or path is shorter, an invalid one may be a megabyte. */
const MAX_FIELD_LENGTH = 256;

/**
 * Logs `{ rpc, code, ms, …ids, traceId }` when an RPC ends: info, or warn with the message that the caller got, or error with
 * the stack when it is a defect. `callerGone` says that no one waited for the answer.
 *
 * @param traceId of the trace of the RPC that is ending, for `traceId`; undefined when there is none
 */
export function rpcLog(logger: Logger, traceId: () => string | undefined = () => undefined): Interceptor {
  return async (rpc, next) => {
    const start = performance.now();
    const id = traceId();
    const trace = id === undefined ? {} : { traceId: id };
    try {
      const reply = await next();
      const line = { ...lineOf(rpc, start, status.OK), ...idsOfReply(reply), ...trace };
      if (chatter.has(rpc.method.name)) logger.debug(line, 'rpc');
      else logger.info(line, 'rpc');
      return reply;
    } catch (error) {
      const { code, details } = toStatus(error);
      const line = { ...lineOf(rpc, start, code), error: details, ...trace };
      if (code === status.INTERNAL) logger.error({ ...line, err: error }, 'rpc');
      else logger.warn({ ...line, ...causeOf(error) }, 'rpc');
      throw error;
    }
  };
}

function lineOf({ method, request, call }: Rpc, start: number, code: status): Record<string, unknown> {
  return {
    rpc: method.name,
    ...idsOfRequest(request),
    code: status[code],
    ms: Math.round((performance.now() - start) * 10) / 10,
    ...(call.signal.aborted && { callerGone: true }),
  };
}

/** The logged fields of a request that are set, by their names in the log, and the id of what a volume is made from. */
export function idsOfRequest(request: Message): Record<string, string> {
  return { ...ids(request), ...contentSource(request) };
}

/** The logged fields of a message that are set. */
function ids(message: object): Record<string, string> {
  const fields = new Map<string, unknown>(Object.entries(message));
  const line: Record<string, string> = {};
  for (const [field, key] of loggedFields) {
    const value = fields.get(field);
    if (typeof value === 'string' && value !== '') line[key] = value.slice(0, MAX_FIELD_LENGTH);
  }
  return line;
}

function contentSource(request: Message): { source?: string } {
  if (!isMessage(request, CreateVolumeRequestSchema)) return {};
  const source = request.volumeContentSource?.type;
  if (source?.case === 'snapshot') return { source: source.value.snapshotId.slice(0, MAX_FIELD_LENGTH) };
  if (source?.case === 'volume') return { source: source.value.volumeId.slice(0, MAX_FIELD_LENGTH) };
  return {};
}

/** The id that a create chose. */
export function idsOfReply(reply: Message): Record<string, string> {
  if ('volume' in reply && typeof reply.volume === 'object' && reply.volume !== null) return ids(reply.volume);
  if ('snapshot' in reply && typeof reply.snapshot === 'object' && reply.snapshot !== null) return ids(reply.snapshot);
  return {};
}

/** Why a StorageError happened, one level down; further causes and the stack belong to defects. */
function causeOf(error: unknown): { cause?: string } {
  return error instanceof Error && error.cause instanceof Error ? { cause: error.cause.message } : {};
}
