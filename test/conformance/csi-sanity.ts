import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The newest csi-test that the Go module proxy has; it speaks CSI 1.13. */
const CSI_TEST = 'github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity@v5.6.0';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/csi-sanity');

/** Builds csi-sanity with `go install` unless it was built before. @returns its path. */
export async function installCsiSanity(): Promise<string> {
  const directory = join(CACHE, CSI_TEST.split('@')[1] ?? '');
  const program = join(directory, 'csi-sanity');
  if (!existsSync(program)) {
    const env = { ...process.env, GOBIN: directory, GOFLAGS: '-mod=mod' };
    const { code, output } = await run('go', ['install', CSI_TEST], env);
    if (code !== 0) throw new Error(`go install ${CSI_TEST} failed:\n${output}`);
  }
  return program;
}

export interface SanityRun {
  readonly code: number;
  readonly output: string;
  readonly passed: number;
  readonly failed: number;
  /** Why cases were skipped by the suite itself, one for each. */
  readonly skips: readonly string[];
}

/** Runs the suite. @param args Flags after those for plain output. */
export async function runCsiSanity(program: string, args: readonly string[]): Promise<SanityRun> {
  const { code, output } = await run(program, ['-ginkgo.v', '-ginkgo.no-color', ...args], process.env);
  const summary = /-- (\d+) Passed \| (\d+) Failed/.exec(output);
  return {
    code,
    output,
    passed: Number(summary?.[1] ?? 0),
    failed: Number(summary?.[2] ?? Number.NaN),
    skips: [...output.matchAll(/^ {2}\[SKIPPED\] (?!in )(.*)$/gm)].map((match) => match[1] ?? ''),
  };
}

async function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      output += part.toString('utf8');
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, output };
}
