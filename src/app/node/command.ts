import { Command, InvalidArgumentError, Option } from 'commander';
import { EXIT, exitHelp } from '../../cli/exit-codes.ts';
import { wholeNumber } from '../../cli/values.ts';
import { DEFAULT_NETWORK, NETWORK_NAME, NETWORK_NAME_RULE } from '../../config/network-name.ts';
import { LOG_LEVELS } from '../../observability/log-levels.ts';
import { identityValues } from '../identity-values.ts';
import { VERSION } from '../version.ts';
import type { NodeOptions } from './node.ts';

const HELP = `
The node side needs no access to the RDS but its NVMe/TCP port: no SSH key, no
configuration file. In a pod with a service account token it writes Events about
its Node, and asks Kubernetes for nothing else. It runs as root on each node,
with the kernel module nvme-tcp, and with sh, tee, mount, umount, blkid, wipefs,
blockdev, flock, setpriv, dd, stat, fstrim, getent, mkfs.ext4, e2fsck,
resize2fs, mkfs.xfs and xfs_growfs of this container or, by --host-tools, of
the host.

Cluster id and driver name must be those of the controller: with the node name
they give the host NQN, which is the node's CSI id. What it formats is written
to --state-dir first, which must survive restarts of the container.

A pod that uses a volume is scheduled to a node that reaches the network of its
backend (docs/guides/several-backends.md). --networks says which ones that are;
it is not tried.

Example:

  $ rose-csi node --endpoint unix:///csi/csi.sock --node-name "$NODE_NAME" \\
      --cluster-id 2f1c0b1e-… --state-dir /csi/state
`;

const EXIT_HELP = exitHelp({ well: 'ended by SIGTERM or SIGINT' });

/** `rose-csi node`. What it needs is loaded when it runs, so that the other commands and `--help` do not carry it. */
export function nodeCommand(): Command {
  const mandatory = (flags: string, text: string, env: string) =>
    new Option(flags, text).env(env).makeOptionMandatory();
  return new Command('node')
    .description('Serve the CSI Identity and Node services: connect, format, mount and grow volumes on this node')
    .addOption(mandatory('--endpoint <url>', 'unix socket to serve on, e.g. unix:///csi/csi.sock', 'CSI_ENDPOINT'))
    .addOption(mandatory('--node-name <name>', 'name of this node in Kubernetes', 'ROSE_CSI_NODE_NAME'))
    .addOption(
      mandatory('--cluster-id <id>', 'as in the configuration of the controller', 'ROSE_CSI_CLUSTER_ID').argParser(
        identityValues.clusterId,
      ),
    )
    .addOption(
      new Option('--driver-name <name>', 'as in the configuration of the controller')
        .env('ROSE_CSI_DRIVER_NAME')
        .argParser(identityValues.driverName)
        .default('rds.rose-csi.io'),
    )
    .addOption(
      new Option('--state-dir <dir>', 'where it keeps what it knows of volumes that it formatted')
        .env('ROSE_CSI_STATE_DIR')
        .default('/var/lib/rose-csi'),
    )
    .addOption(
      new Option('--host-tools <how>', 'whose programs to run: direct, nsenter or chroot=DIR')
        .env('ROSE_CSI_HOST_TOOLS')
        .default('direct'),
    )
    .addOption(
      new Option('--max-volumes <n>', 'volumes that Kubernetes may place here at once; 0 for no limit')
        .env('ROSE_CSI_MAX_VOLUMES')
        .argParser(wholeNumber(0, 999_999))
        .default(0),
    )
    .addOption(
      new Option('--networks <names>', 'storage networks that this node reaches, separated by commas')
        .env('ROSE_CSI_NETWORKS')
        .argParser(networkNames)
        .default([DEFAULT_NETWORK], DEFAULT_NETWORK),
    )
    .addOption(
      new Option('--unstage-patience <seconds>', 'how long to wait for a lost RDS before giving up unflushed data')
        .env('ROSE_CSI_UNSTAGE_PATIENCE')
        .argParser(wholeNumber(0, 999_999))
        .default(600),
    )
    .addOption(
      new Option('--trim-interval <hours>', 'how often mounted filesystems are trimmed (fstrim); 0 for never')
        .env('ROSE_CSI_TRIM_INTERVAL')
        .argParser(trimHours)
        .default(0),
    )
    .addOption(
      new Option('--attach <how>', 'loop is for tests, with the simulator on the same machine')
        .choices(['nvme-tcp', 'loop'])
        .env('ROSE_CSI_ATTACH')
        .default('nvme-tcp'),
    )
    .addOption(new Option('--simulator-api <socket...>', 'unix sockets of simulators, for --attach loop'))
    .addOption(
      new Option('--metrics-port <port>', 'serve metrics for Prometheus here; 0 for any port; off without it')
        .env('ROSE_CSI_METRICS_PORT')
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(new Option('--metrics-address <address>', 'and on this address only').env('ROSE_CSI_METRICS_ADDRESS'))
    .addOption(
      new Option('--log-level <level>', 'how much is logged')
        .choices(LOG_LEVELS)
        .env('ROSE_CSI_LOG_LEVEL')
        .default('info'),
    )
    .addHelpText('after', `${HELP}${EXIT_HELP}`)
    .action(async (options: NodeOptions & { readonly logLevel: string }) => {
      const [{ createLogger }, { endProcess, openTracing }, { startNode }, { inClusterAccess }] = await Promise.all([
        import('../../observability/log.ts'),
        import('../../observability/tracing.ts'),
        import('./node.ts'),
        import('../../kubernetes/access.ts'),
      ]);
      const logger = createLogger(options.logLevel);
      const tracing = await openTracing(logger, 'rose-csi-node', VERSION);
      const server = await startNode(options, logger, tracing.tracer, await inClusterAccess());
      const stop = (signal: string) => {
        logger.info({ signal }, 'stopping');
        server
          .stop()
          .catch((error: unknown) => {
            logger.error({ err: error }, 'stopping failed');
            process.exitCode = EXIT.failed;
          })
          .finally(() => endProcess(tracing));
      };
      process.once('SIGTERM', stop).once('SIGINT', stop);
    });
}

function networkNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !NETWORK_NAME.test(name));
  if (wrong !== undefined)
    throw new InvalidArgumentError(`"${wrong}" is not the name of a network: ${NETWORK_NAME_RULE}.`);
  return names;
}

/** A timer of Node.js is over at once if it is longer than 24.8 days. */
function trimHours(text: string): number {
  const hours = wholeNumber(0, 999_999, 'hours')(text);
  if (hours > 576) throw new InvalidArgumentError('Write a whole number of hours, at most 576, which is 24 days.');
  return hours;
}
