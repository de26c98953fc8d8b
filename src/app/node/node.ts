import type { Logger } from 'pino';
import { Identity, Node } from '../../csi/gen/csi_pb.js';
import { implement } from '../../csi/grpc-binding.ts';
import { identityHandlers } from '../../csi/identity.ts';
import { rpcLog } from '../../csi/log.ts';
import { nodeHandlers } from '../../csi/node/node.ts';
import { type RunningServer, serve } from '../../csi/server.ts';
import type { Attachment } from '../../host/attachment.ts';
import { FormatRecords } from '../../host/format-record.ts';
import { type FormatOutcome, Formatting } from '../../host/formatting.ts';
import { hostTools } from '../../host/host-tools.ts';
import { Mounts } from '../../host/mounts.ts';
import { NodeVolumes } from '../../host/node-volumes.ts';
import { NvmeTcp } from '../../host/nvme-tcp.ts';
import type { Processes } from '../../host/processes.ts';
import type { Access } from '../../kubernetes/access.ts';
import { noTracer, type Tracer } from '../../observability/tracing.ts';
import { nodeIdOf } from '../../storage/ids.ts';
import { type NodeEvents, nodeEvents, noNodeEvents } from '../events/node-events.ts';
import { type Monitoring, startMonitoring } from '../monitoring.ts';
import { rpcTracing } from '../rpc-tracing.ts';
import { VERSION } from '../version.ts';
import { HealthWatch } from './health-watch.ts';
import { tracedProcesses } from './traced-processes.ts';
import { startTrims } from './trims.ts';
import { programsTo, watchedProcesses } from './watched-processes.ts';

const formatOutcomes: readonly FormatOutcome[] = ['done', 'refused', 'failed'];

/** What `rose-csi node` can be determined. */
export interface NodeOptions {
  readonly endpoint: string;
  readonly nodeName: string;
  readonly clusterId: string;
  readonly driverName: string;
  readonly stateDir: string;
  /** See {@link hostTools}. */
  readonly hostTools: string;
  /** 0 for no limit. */
  readonly maxVolumes: number;
  /** Names of the storage networks that this node reaches. */
  readonly networks: readonly string[];
  /** Seconds. */
  readonly unstagePatience: number;
  /** Hours between two trims of all filesystems; 0 for none. */
  readonly trimInterval: number;
  readonly attach: 'nvme-tcp' | 'loop';
  /** Unix sockets of simulators. */
  readonly simulatorApi?: readonly string[];
  /** Where metrics are served; not at all without it. 0 for any port that is free. */
  readonly metricsPort?: number | undefined;
  /** All addresses of the node without it. */
  readonly metricsAddress?: string | undefined;
}

export interface RunningNode extends RunningServer {
  /** Port that the metrics are served on; undefined when they are off. */
  readonly metricsPort: number | undefined;
}

/**
 * Serves the CSI Identity and Node services on a unix socket.
 *
 * @param access to the API server that Events are written to; none are without it
 * @throws Error when an option is wrong, or the endpoint or the metrics cannot be served
 */
export async function startNode(
  options: NodeOptions,
  logger: Logger,
  tracer: Tracer = noTracer,
  access?: Access,
): Promise<RunningNode> {
  const { metricsPort: port, metricsAddress: address } = options;
  const monitoring = await startMonitoring(port === undefined ? undefined : { address, port }, 'node', logger);
  const events = access === undefined ? noNodeEvents : nodeEvents(access, options.nodeName, logger);
  try {
    const server = await start(options, logger, tracer, monitoring, events);
    const stop: RunningServer['stop'] = async (graceMs) => {
      await Promise.all([server.stop(graceMs), events.stop(), monitoring.stop()]);
    };
    return { path: server.path, metricsPort: monitoring.port, stop };
  } catch (error) {
    await monitoring.stop();
    throw error;
  }
}

async function start(
  options: NodeOptions,
  logger: Logger,
  tracer: Tracer,
  { metrics, interceptors }: Monitoring,
  events: NodeEvents,
): Promise<RunningServer> {
  for (const name of ['nodeName', 'clusterId'] as const) {
    if (options[name].trim() === '')
      throw new Error(`the ${name === 'nodeName' ? 'node name' : 'cluster id'} is empty`);
  }
  const { endpoint, driverName, maxVolumes, networks, attach } = options;
  const nodeId = nodeIdOf(options.clusterId, options.nodeName);
  const { host: programs, hidden } = await hostTools(options.hostTools);
  const host = tracedProcesses(watchedProcesses(programs, programsTo(logger, metrics)), tracer);
  // Known from the start, so that the first refusal is seen as a change.
  for (const outcome of formatOutcomes) metrics.count('formats', { outcome }, 0);
  const health = new HealthWatch({ metrics, report: events.condition, recovered: events.recovered });
  const volumes = new NodeVolumes({
    host,
    logger,
    mounts: new Mounts(host, hidden),
    attachment: await attachmentOf(options, nodeId, host),
    formatting: new Formatting(host, new FormatRecords(options.stateDir), (outcome) =>
      metrics.count('formats', { outcome }),
    ),
    patienceMs: options.unstagePatience * 1000,
    onUnflushed: ({ id }) => events.unflushed(id),
    onNotGrown: ({ id }, fact) => events.notGrown(id, fact),
    onExamined: ({ id }, look) => health.note(id, look),
  });
  const services = [
    implement(
      Identity,
      identityHandlers({ name: driverName, version: VERSION }, () => true),
    ),
    implement(Node, nodeHandlers({ nodeId, maxVolumes, driverName, networks }, volumes)),
  ];
  const server = await serve({
    endpoint,
    services,
    interceptors: [...interceptors, rpcTracing(tracer), rpcLog(logger, () => tracer.traceId()), ...events.interceptors],
  });
  logger.info({ version: VERSION, driver: driverName, nodeId, networks, endpoint, attach }, 'serving');
  if (options.trimInterval === 0) return server;
  const stopTrims = startTrims(volumes, options.trimInterval, metrics, logger);
  const stop: RunningServer['stop'] = async (graceMs) => {
    await Promise.all([server.stop(graceMs), stopTrims()]);
  };
  return { path: server.path, stop };
}

async function attachmentOf(
  { attach, simulatorApi }: NodeOptions,
  nodeId: string,
  host: Processes,
): Promise<Attachment> {
  if (attach === 'nvme-tcp') return new NvmeTcp(nodeId, host);
  if (simulatorApi === undefined) throw new Error('--attach loop needs --simulator-api, the socket of a simulator');
  // With it comes the HTTP client, which takes 3 MB of memory.
  const { LoopAttachment } = await import('../../host/loop-attachment.ts');
  return new LoopAttachment(nodeId, simulatorApi);
}
