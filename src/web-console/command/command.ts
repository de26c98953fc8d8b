import { Command } from 'commander';
import { identityValues } from '../../app/identity-values.ts';
import { exitHelp } from '../../cli/exit-codes.ts';
import {
  type ClusterFlags,
  collect,
  type OverrideFlags,
  withCluster,
  withConfig,
  withOverrides,
} from '../../cli/flags.ts';
import { wholeNumber } from '../../cli/values.ts';
import { basePath, listenAddress } from './values.ts';

/** What `rose-csi console` takes. */
export interface ConsoleFlags extends ClusterFlags, OverrideFlags {
  readonly config: string;
  readonly deviceOnly?: boolean;
  readonly port: number;
  readonly address: string;
  readonly allowHost?: readonly string[];
  readonly basePath?: string;
  readonly showConfig?: string;
}

const HELP = `
It shows in a browser what the backends hold and how Kubernetes refers to it:
pools, volumes, snapshots and what came from them, what needs a look, and recent
failures. It changes nothing, and its page can change nothing.

While someone looks the backends are read every 15 seconds, once for all who
look; while no one does, not at all.

It has no password: whoever reaches its port sees the page. By default that is
everyone on this machine. docs/console.md says how to show it to others.

Rights needed: get and list of what \`rose-csi why\` looks at. What may not be
listed is said on the page. Without a cluster: --device-only.

Examples:
  rose-csi console --config rose-csi.yaml
  rose-csi console --config rose-csi.yaml --kubeconfig ~/.kube/x --port 8080
`;

const EXIT_HELP = exitHelp({ well: 'ended by SIGTERM or SIGINT' });

/** `rose-csi console`. What it needs is loaded when it runs. */
export function consoleCommand(): Command {
  const command = withConfig(
    new Command('console').description('Show in a browser what the configured backends hold; changes nothing'),
  );
  withCluster(command)
    .option('--device-only', 'do not ask Kubernetes')
    .option('--port <number>', 'port to serve on; 0 for any that is free', wholeNumber(0, 65_535), 0)
    .option('--address <ip>', 'address to serve on, or "all"', listenAddress, '127.0.0.1')
    .option('--allow-host <name>', 'a name that browsers may call it by; repeat for more', collect)
    .option('--base-path <path>', 'what stands before its paths, behind a proxy that leaves it there', basePath);
  command.option(
    '--show-config <file>',
    'what commands on the page call the configuration; by default as it was given',
  );
  return withOverrides(command, identityValues)
    .addHelpText('after', `${HELP}${EXIT_HELP}`)
    .action(async (flags: ConsoleFlags) => {
      const { runConsole } = await import('./run.ts');
      await runConsole(flags);
    });
}
