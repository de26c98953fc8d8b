import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKey } from '../../support/keys.ts';
import type { Say } from '../building.ts';
import type { Cluster } from '../cluster.ts';
import { follow } from '../commands.ts';
import { driverDefinition } from './driver-definition.ts';
import type { Group, SpecName } from './groups.ts';
import { NodeLogin } from './node-login.ts';
import { focusOn, PREFIX, Progress, type Result, readReport } from './report.ts';

/** Upstream's end-to-end tests, as a program of the first machine. */
export class Suite {
  readonly #cluster: Cluster;
  readonly #directory: string;

  /** @param directory for what it writes, logs among it; an absolute path. */
  constructor(cluster: Cluster, directory: string) {
    this.#cluster = cluster;
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /** The names of all specs of the driver, in the order of the suite. */
  async specs(): Promise<readonly SpecName[]> {
    const flags = ['--dry-run', '--procs=1', `--focus=${PREFIX.replace(/[.[\]]/g, '\\$&')}`];
    const results = await this.#run('all', 'ext4', flags, () => undefined);
    return [...new Set(results.map(({ name }) => name))];
  }

  /** Runs specs of a group, and says of each when it has ended, unless the suite skips it. */
  async run(group: Group, specs: readonly SpecName[], say: Say): Promise<readonly Result[]> {
    const logins = group.wantsSsh ? await this.#openLogins() : undefined;
    if (group.chart !== undefined) await this.#cluster.chart.install(this.#cluster.pair, group.chart);
    let count = 0;
    const progress = new Progress();
    const onLine = (line: string) => {
      const ended = progress.next(line);
      if (ended === undefined) return;
      count += 1;
      const { state, seconds } = ended;
      // Labels may follow it there.
      const name = specs.find((one) => ended.name.startsWith(one)) ?? ended.name;
      if (state !== 'skipped') say(`  [${count}/${specs.length}] ${state}, ${seconds.toFixed(1)} s: ${name}`);
    };
    try {
      const flags = [`--procs=${group.processes}`, `--timeout=${group.minutes}m`, `--focus=${focusOn(specs)}`];
      return await this.#run(group.name.replaceAll(' ', '-'), group.kind, flags, onLine, logins?.env);
    } finally {
      for (const login of logins?.nodes ?? []) await login.close();
      if (group.chart !== undefined) await this.#cluster.chart.install(this.#cluster.pair);
    }
  }

  async #run(
    name: string,
    kind: Group['kind'],
    flags: readonly string[],
    onLine: (line: string) => void,
    env: Readonly<Record<string, string>> = {},
  ): Promise<readonly Result[]> {
    const { machines, programs, adminConfig } = this.#cluster;
    const [first] = machines;
    if (first === undefined) throw new Error('a cluster has at least one node');
    const definition = join(this.#directory, `${kind}.json`);
    writeFileSync(definition, driverDefinition(kind));
    const report = join(this.#directory, `${name}.json`);
    const log = createWriteStream(join(this.#directory, `${name}.log`));
    const command = [
      programs.path('ginkgo'),
      'run',
      '-v',
      '--no-color',
      ...flags,
      `--output-dir=${this.#directory}`,
      `--json-report=${name}.json`,
      programs.path('e2e.test'),
      '--',
      `-kubeconfig=${adminConfig}`,
      `-kubectl-path=${programs.path('kubectl')}`,
      '-provider=skeleton',
      `-storage.testdriver=${definition}`,
      `-num-nodes=${machines.length}`,
      '-allowed-not-ready-nodes=-1',
      '-dump-logs-on-failure=false',
      '-disable-log-dump',
    ];
    const both = (line: string) => {
      log.write(`${line}\n`);
      onLine(line);
    };
    // Its status says that a spec failed, which the report says of each.
    const status = await follow('nsenter', [...first.entering(), ...command], both, { env });
    await new Promise((resolve) => log.end(resolve));
    if (!existsSync(report)) throw new Error(`the suite ended with status ${status} and no report: ${log.path}`);
    return readReport(readFileSync(report, 'utf8'));
  }

  async #openLogins(): Promise<{
    readonly nodes: readonly NodeLogin[];
    readonly env: Readonly<Record<string, string>>;
  }> {
    const key = generateKey();
    const file = join(this.#directory, 'key');
    writeFileSync(file, key.privateKey, { mode: 0o600 });
    const nodes = await Promise.all(this.#cluster.nodes.map((node) => NodeLogin.open(node, key.publicKey)));
    return { nodes, env: { KUBE_SSH_KEY_PATH: file, KUBE_SSH_USER: 'root' } };
  }
}
