import type { Logger } from 'pino';
import { Identity, Node } from '../csi/gen/csi_pb.js';
import { implement } from '../csi/grpc-binding.ts';
import { identityHandlers } from '../csi/identity.ts';
import { rpcLog } from '../csi/log.ts';
import { nodeHandlers } from '../csi/node/node.ts';
import { type RunningServer, serve } from '../csi/server.ts';
import type { Attachment } from '../host/attachment.ts';
import { FormatRecords } from '../host/format-record.ts';
import { Formatting } from '../host/formatting.ts';
import { hostTools } from '../host/host-tools.ts';
import { LoopAttachment } from '../host/loop-attachment.ts';
import { Mounts } from '../host/mounts.ts';
import { NodeVolumes } from '../host/node-volumes.ts';
import { NvmeTcp } from '../host/nvme-tcp.ts';
import type { Processes } from '../host/processes.ts';
import { nodeIdOf } from '../storage/identity.ts';
import { VERSION } from './version.ts';

/** What `rose-csi node` can be told. */
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
  /** Seconds. */
  readonly unstagePatience: number;
  readonly attach: 'nvme-tcp' | 'loop';
  /** Unix socket of the simulator. */
  readonly simulatorApi?: string;
}

/**
 * Serves the CSI Identity and Node services on a unix socket.
 *
 * @throws Error when an option is wrong or the endpoint cannot be served
 */
export async function startNode(options: NodeOptions, logger: Logger): Promise<RunningServer> {
  for (const name of ['nodeName', 'clusterId'] as const) {
    if (options[name].trim() === '')
      throw new Error(`the ${name === 'nodeName' ? 'node name' : 'cluster id'} is empty`);
  }
  const nodeId = nodeIdOf(options.clusterId, options.nodeName);
  const { host, hidden } = hostTools(options.hostTools);
  const volumes = new NodeVolumes({
    ...{ host, logger, mounts: new Mounts(host, hidden), attachment: attachmentOf(options, nodeId, host) },
    formatting: new Formatting(host, new FormatRecords(options.stateDir)),
    patienceMs: options.unstagePatience * 1000,
  });
  const services = [
    implement(
      Identity,
      identityHandlers({ name: options.driverName, version: VERSION }, () => true),
    ),
    implement(Node, nodeHandlers({ nodeId, maxVolumes: options.maxVolumes }, volumes)),
  ];
  const server = await serve({ endpoint: options.endpoint, services, interceptors: [rpcLog(logger)] });
  const { endpoint, driverName: driver, attach } = options;
  logger.info({ version: VERSION, driver, nodeId, endpoint, attach }, 'serving');
  return server;
}

function attachmentOf({ attach, simulatorApi }: NodeOptions, nodeId: string, host: Processes): Attachment {
  if (attach === 'nvme-tcp') return new NvmeTcp(nodeId, host);
  if (simulatorApi === undefined) throw new Error('--attach loop needs --simulator-api, the socket of a simulator');
  return new LoopAttachment(nodeId, simulatorApi);
}
