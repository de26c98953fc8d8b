import { type Command, Option } from 'commander';
import { notEmpty } from './values.ts';

/** What a command that reads the configuration of the controller takes, `--config` apart. */
export interface OverrideFlags {
  readonly clusterId?: string;
  readonly driverName?: string;
}

/** Where a command looks for Kubernetes. */
export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** `--config`, without which the command cannot work. */
export function withConfig(command: Command): Command {
  return command.requiredOption('--config <file>', 'configuration file of the controller, YAML or JSON');
}

/** Parsers of the values that override the configuration; they throw InvalidArgumentError, which names flag or variable. */
export interface OverrideParsers {
  readonly clusterId: (text: string) => string;
  readonly driverName: (text: string) => string;
}

/** `--cluster-id` and `--driver-name`. */
export function withOverrides(command: Command, parsers: OverrideParsers): Command {
  return command
    .addOption(
      new Option('--cluster-id <id>', 'overrides clusterId').env('ROSE_CSI_CLUSTER_ID').argParser(parsers.clusterId),
    )
    .addOption(
      new Option('--driver-name <name>', 'overrides driverName')
        .env('ROSE_CSI_DRIVER_NAME')
        .argParser(parsers.driverName),
    );
}

/** `--kubeconfig` and `--context`. */
export function withCluster(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'the cluster; by default the one this runs in, KUBECONFIG, or ~/.kube/config')
    .option('--context <name>', 'a context of the kubeconfig');
}

/** `--json`. */
export function withJson(command: Command, insteadOf = ''): Command {
  return command.option('--json', `print one JSON object${insteadOf}`);
}

/** An option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, notEmpty(value)];
}
