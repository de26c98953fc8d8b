import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The chart's directory. */
export const CHART = join(ROOT, 'charts/rose-csi');

/** The version that renders the committed files, so that they are the same everywhere. */
const HELM = 'helm.sh/helm/v3/cmd/helm@v3.22.0';

/** `go install` leaves Helm with an age-old idea of the newest Kubernetes, so it is set. */
const KUBE_VERSION = '1.34.0';

export interface Finished {
  readonly code: number;
  /** Standard output. */
  readonly output: string;
  /** Standard error. */
  readonly complaints: string;
}

/** Builds Helm with `go install` into `node_modules/.cache` unless it was built before: some minutes of CPU. @returns its path. */
export async function installHelm(): Promise<string> {
  const directory = join(ROOT, 'node_modules/.cache/helm', HELM.split('@')[1] ?? '');
  const program = join(directory, 'helm');
  if (!existsSync(program)) {
    const env = { ...process.env, GOBIN: directory, GOFLAGS: '-mod=mod' };
    const { code, complaints } = await run('nice', ['go', 'install', HELM], { env });
    if (code !== 0) throw new Error(`go install ${HELM} failed:\n${complaints}`);
  }
  return program;
}

/** `helm template` as the release `rose-csi` in the namespace `rose-csi`. @throws Error with what Helm complains about. */
export async function render(helm: string, ...flags: readonly string[]): Promise<string> {
  const args = ['template', 'rose-csi', CHART, '--namespace', 'rose-csi', '--kube-version', KUBE_VERSION, ...flags];
  const { code, output, complaints } = await run(helm, args);
  if (code !== 0) throw new Error(complaints);
  return output;
}

/** `helm lint --strict`, with the values of a file. */
export function lint(helm: string, valuesFile: string): Promise<Finished> {
  return run(helm, ['lint', CHART, '--strict', '--kube-version', KUBE_VERSION, '--values', valuesFile]);
}

/** Runs a program to its end, whatever that is. @param options what it reads, and its environment. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<Finished> {
  const { input = '', env = process.env, cwd = ROOT } = options;
  const child = spawn(program, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  const text = { output: '', complaints: '' };
  child.stdout.on('data', (part: Buffer) => {
    text.output += part.toString('utf8');
  });
  child.stderr.on('data', (part: Buffer) => {
    text.complaints += part.toString('utf8');
  });
  // A program may end without reading what it was given; its status tells whether that was right.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, ...text };
}
