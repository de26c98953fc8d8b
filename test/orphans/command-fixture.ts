import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { KubernetesApi } from '../support/kubernetes-api.ts';
import { type Stack, type StackOptions, startStack } from '../support/stack.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandFixture {
  readonly stack: Stack;
  readonly api: KubernetesApi;
  /** Runs `rose-csi orphans` against RDS and cluster, with lines on its standard input. */
  run(args: readonly string[], input?: string): Promise<Result>;
}

/** An RDS with a controller, and an API server that knows nothing yet. */
export async function startCommandFixture(t: TestContext, options: StackOptions = {}): Promise<CommandFixture> {
  const stack = await startStack(t, options);
  const api = await KubernetesApi.start(t);
  const kubeconfig = join(stack.directory, 'kubeconfig');
  await writeFile(kubeconfig, api.kubeconfig());
  const run = (args: readonly string[], input = '') =>
    orphans([...args, '--config', stack.configFile, '--kubeconfig', kubeconfig], input);
  return { stack, api, run };
}

/** Runs `rose-csi orphans`, with lines on its standard input. */
export function orphans(
  args: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const { promise, resolve } = Promise.withResolvers<Result>();
  const child = execFile(
    process.execPath,
    [MAIN, 'orphans', ...args],
    { env: { ...process.env, ...env } },
    (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
  );
  child.stdin?.end(input);
  return promise;
}
