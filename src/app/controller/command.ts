import { Command, Option } from 'commander';
import { EXIT, exitHelp } from '../../cli/exit-codes.ts';
import { withConfig, withOverrides } from '../../cli/flags.ts';
import { LOG_LEVELS } from '../../observability/log-levels.ts';
import { identityValues } from '../identity-values.ts';
import { VERSION } from '../version.ts';

interface ControllerOptions {
  readonly config: string;
  readonly endpoint: string;
  readonly clusterId?: string;
  readonly driverName?: string;
  readonly logLevel?: string;
}

const HELP = `
Example of a configuration file (YAML or JSON):

  # kubectl get ns kube-system -o jsonpath={.metadata.uid}
  clusterId: 2f1c0b1e-7d5e-4f0c-9f39-6f6a1f0c9a11
  backends:
    - name: rds1                     # part of every volume id: never rename it
      ssh:
        host: 192.0.2.10
        user: csi
        privateKeyFile: /etc/rose-csi/id_ed25519
        hostKeys: ["SHA256:…"]       # ssh-keyscan HOST | ssh-keygen -lf -
      nvme: { address: 198.51.100.10 } # where nodes reach port 4420
      reserve: 10GiB                 # stays free in each pool
      pools:
        - { label: pool1, uuid: 0c5a…, mountPoint: pool1 }

An RDS that cannot be reached, or refuses the login, is retried forever.
`;

const EXIT_HELP = exitHelp({ well: 'ended by SIGTERM or SIGINT' });

/** `rose-csi controller`. What it needs is loaded when it runs, so that the other commands and `--help` do not carry it. */
export function controllerCommand(): Command {
  const command = new Command('controller').description(
    'Serve the CSI Identity and Controller services for the configured backends',
  );
  withConfig(command).addOption(
    new Option('--endpoint <url>', 'unix socket to serve on, e.g. unix:///csi/csi.sock')
      .env('CSI_ENDPOINT')
      .makeOptionMandatory(),
  );
  return withOverrides(command, identityValues)
    .addOption(new Option('--log-level <level>', 'overrides logLevel').choices(LOG_LEVELS).env('ROSE_CSI_LOG_LEVEL'))
    .addHelpText('after', `${HELP}${EXIT_HELP}`)
    .action(async ({ config, endpoint, ...overrides }: ControllerOptions) => {
      const [{ loadConfig }, { checkKeyFiles }] = await Promise.all([
        import('../../config/load.ts'),
        import('../configuration.ts'),
      ]);
      const checked = await loadConfig(config, overrides);
      const [{ createLogger }, { endProcess, openTracing }, { startController }, { inClusterAccess }] =
        await Promise.all([
          import('../../observability/log.ts'),
          import('../../observability/tracing.ts'),
          import('./controller.ts'),
          import('../../kubernetes/access.ts'),
        ]);
      const logger = createLogger(checked.logLevel);
      await checkKeyFiles(config, checked, (problem) => logger.warn({ problem }, 'check this key file'));
      const tracing = await openTracing(logger, 'rose-csi-controller', VERSION);
      const access = await inClusterAccess();
      const controller = await startController({
        config: checked,
        endpoint,
        logger,
        patience: { hasPredecessor: true },
        access,
        tracer: tracing.tracer,
      });
      const stop = (signal: string) => {
        logger.info({ signal }, 'stopping');
        controller
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
