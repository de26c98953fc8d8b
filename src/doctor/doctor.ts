import type { BackendConfig, Config } from '../config/schema.ts';
import { openConsole, readHostKeys, readPrivateKey } from '../routeros/index.ts';
import { nearest } from '../schema/nearest.ts';
import { type RdsContext, TIMING, type Timing } from './check.ts';
import { ALL_CHECKS } from './checks/all.ts';
import { examine, type RdsReport } from './examine.ts';
import { UNTESTABLE, type Untestable } from './untestable.ts';

export interface DoctorOptions {
  readonly config: Config;
  /** Whether scratch objects may be made on the backends; else everything is only read. */
  readonly write?: boolean;
  /** Removes what earlier doctors left, unless it is so young that one may be at work. */
  readonly removeLeftovers?: boolean;
  /** Labels of pools to write in; all pools of the configuration unless given. */
  readonly pools?: readonly string[];
  /** Ids of tests; all unless given. What they rest on is tested in any case. */
  readonly only?: readonly string[];
  readonly timing?: Partial<Timing>;
  /** Ends the examination after the command under way; what was made is removed then, too. */
  readonly signal?: AbortSignal;
  /** Called before each test. */
  onProgress?(rds: string, title: string): void;
}

/** Everything that a doctor found; also what `--json` prints. Keys and ids of tests are stable. */
export interface DoctorReport {
  readonly format: 1;
  /** When it began, by the clock here. */
  readonly startedAt: string;
  readonly write: boolean;
  readonly interrupted: boolean;
  /** 0: the backends fit; 1: something is not usable; 2: an RDS could not be examined to the end. */
  readonly exitCode: 0 | 1 | 2;
  readonly backends: readonly RdsReport[];
  readonly notTestable: readonly Untestable[];
}

/**
 * Examines all backends of a configuration, one after the other. An RDS that cannot be examined is a finding, no error.
 *
 * @param options such that {@link usageProblem} has nothing to say.
 */
export async function runDoctor(options: DoctorOptions): Promise<DoctorReport> {
  const { config, write = false, only = [], pools = [], signal = new AbortController().signal } = options;
  const startedAt = new Date().toISOString();
  const reports: RdsReport[] = [];
  for (const backend of config.backends) {
    if (signal.aborted) break;
    const report = await examine(contextOf(backend, options.timing), {
      write,
      pools,
      signal,
      removeLeftovers: options.removeLeftovers ?? false,
      wants: (id) => only.length === 0 || only.includes(id),
      open(name) {
        const other = config.backends.find((candidate) => candidate.name === name);
        return other && contextOf(other, options.timing);
      },
      onProgress: (title) => options.onProgress?.(backend.name, title),
    });
    reports.push(report);
  }
  const interrupted = signal.aborted;
  return {
    format: 1,
    startedAt,
    write,
    interrupted,
    exitCode: exitCode(reports, interrupted),
    backends: reports,
    notTestable: UNTESTABLE,
  };
}

/** The way into an RDS; nothing is connected before the first command. */
function contextOf(backend: BackendConfig, timing: DoctorOptions['timing']): RdsContext {
  const { ssh } = backend;
  const hostKeys = (warn: (problem: string) => void = () => undefined) => readHostKeys(ssh, warn);
  const privateKey = () => readPrivateKey(ssh.privateKeyFile);
  const open = () =>
    openConsole({
      host: ssh.host,
      port: ssh.port,
      execTimeoutMs: ssh.execTimeoutSeconds * 1000,
      hostKeys: () => hostKeys(),
      credentials: async () => ({ username: ssh.user, privateKey: await privateKey() }),
    });
  return { backend, console: open(), openConsole: open, hostKeys, privateKey, timing: { ...TIMING, ...timing } };
}

function exitCode(reports: readonly RdsReport[], interrupted: boolean): DoctorReport['exitCode'] {
  if (interrupted || reports.some(({ complete }) => !complete)) return 2;
  return reports.some(({ findings }) => findings.some(({ verdict }) => verdict === 'unusable')) ? 1 : 0;
}

/** Which pool or test the options name that the configuration or this program does not have; undefined when all are there. */
export function usageProblem({ config, pools = [], only = [], write = false }: DoctorOptions): string | undefined {
  const labels = config.backends.flatMap((backend) => backend.pools.map(({ label }) => label));
  const ids = ALL_CHECKS.map(({ id }) => id);
  const pool = pools.find((label) => !labels.includes(label));
  const check = only.find((id) => !ids.includes(id));
  const writing = ALL_CHECKS.find(({ id, needs }) => needs === 'write' && only.includes(id));
  if (pool !== undefined) return `no pool "${pool}" is configured, only ${labels.join(', ')}`;
  if (check !== undefined) {
    const meant = nearest(check, ids);
    return `there is no test "${check}", only ${ids.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  }
  return writing !== undefined && !write ? `the test "${writing.id}" needs --write` : undefined;
}
