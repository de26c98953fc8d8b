import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Objects } from '../../src/why/cluster.fixture.ts';
import { ReadOnlyApi } from './api.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

export interface Result {
  readonly code: number;
  readonly stdout: string;
  /** Standard output with one space between words, wherever its lines were broken. */
  readonly words: string;
  readonly stderr: string;
}

export interface CommandFixture {
  readonly api: ReadOnlyApi;
  /** Runs `rose-csi why` against the cluster. */
  run(...args: readonly string[]): Promise<Result>;
}

/** A cluster of these objects, and the real command. */
export async function startCommandFixture(t: TestContext, objects: Objects): Promise<CommandFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-why-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const api = await ReadOnlyApi.start(t, objects);
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, api.kubeconfig());
  return { api, run: (...args) => why(...args, '--kubeconfig', kubeconfig) };
}

/** Runs `rose-csi why` as a process of its own. */
export function why(...args: readonly string[]): Promise<Result> {
  const { promise, resolve } = Promise.withResolvers<Result>();
  const env = { ...process.env, KUBECONFIG: '', HOME: '/nonexistent', KUBERNETES_SERVICE_HOST: '' };
  execFile(process.execPath, [MAIN, 'why', ...args], { env }, (error, stdout, stderr) =>
    resolve({ code: Number(error?.code ?? 0), stdout, words: stdout.replaceAll(/\s+/g, ' '), stderr }),
  );
  return promise;
}
