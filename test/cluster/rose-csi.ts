import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SOURCES } from '../support/installation.ts';
import type { Cluster } from './cluster.ts';
import { CommandError } from './commands.ts';

/**
 * Runs `rose-csi` as an administrator of cluster and RDS.
 *
 * @returns what it printed, and its exit status.
 */
export async function roseCsi(
  { machines: [first], pair, kubectl, adminConfig }: Cluster,
  ...args: readonly string[]
): Promise<{ readonly output: string; readonly status: number }> {
  if (first === undefined) throw new Error('a cluster has at least one node');
  const config = join(first.directory, 'rose-csi.json');
  const clusterId = await kubectl.field('namespace', 'kube-system', '.metadata.uid');
  const backends = await pair.backends(({ keyFile, hostKeysFile }) => ({ privateKeyFile: keyFile, hostKeysFile }));
  writeFileSync(config, JSON.stringify({ clusterId, logLevel: 'warn', backends }));
  const end = 'status=0; "$0" "$@" || status=$?; echo; echo "$status"';
  const command = ['-c', end, process.execPath, SOURCES, ...args, `--config=${config}`];
  const text = await first.run('sh', command, { env: { KUBECONFIG: adminConfig } });
  const lines = text.trimEnd().split('\n');
  return { output: lines.slice(0, -1).join('\n'), status: Number(lines.at(-1)) };
}

/** As {@link roseCsi}, and it must succeed. @throws CommandError with what it printed. */
export async function roseCsiOrFail(cluster: Cluster, ...args: readonly string[]): Promise<string> {
  const { output, status } = await roseCsi(cluster, ...args);
  if (status !== 0) throw new CommandError(['rose-csi', ...args], status, output);
  return output;
}
