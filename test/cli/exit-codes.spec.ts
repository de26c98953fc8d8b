import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FAULTS } from '../../src/cli/exit-codes.ts';
import type { Objects } from '../../src/why/cluster.fixture.ts';
import { healthy, unbound } from '../../src/why/objects.fixture.ts';
import { MiB, makeVolume } from '../support/calls.ts';
import { KubernetesApi, persistentVolume } from '../support/kubernetes-api.ts';
import { POOL_UUID, type Stack, startStack } from '../support/stack.ts';
import { type Ended, inShell, roseCsi } from '../support/terminal.ts';
import { until } from '../support/until.ts';
import { ReadOnlyApi } from '../why/api.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

const ABSENT = 'rds1:pvc-7a0f3c52-9d1e-4a6b-8c2f-0e5d4b3a2c1f';

type Fault = keyof typeof FAULTS;

/** An RDS with one volume, clusters beside it, and what leads to them. */
interface Place {
  readonly stack: Stack;
  readonly volume: string;
  /** Files of configurations, each wrong in one way but for `right`. */
  readonly configs: Readonly<Record<'right' | 'broken' | 'keyless' | 'away' | 'stranger' | 'otherPool', string>>;
  /** Kubeconfigs: one that names the volume, one that does not, one where nothing answers; and two for `why`. */
  readonly clusters: Readonly<Record<'known' | 'unknown' | 'away' | 'healthy' | 'stuck', string>>;
}

async function place(t: TestContext): Promise<Place> {
  const stack = await startStack(t);
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-exit-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const volume = await makeVolume(stack.controller, MiB);
  const right = await readFile(stack.configFile, 'utf8');
  const file = async (name: string, text: string) => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };
  const changed = (change: (backend: { ssh: Record<string, unknown>; pools: Record<string, unknown>[] }) => void) => {
    const document = JSON.parse(right);
    change(document.backends[0]);
    return JSON.stringify(document);
  };
  const [known, unknown] = [await KubernetesApi.start(t), await KubernetesApi.start(t)];
  known.put('persistentvolumes', persistentVolume(volume));
  unknown.put('persistentvolumes', persistentVolume(`rds1:pvc-${crypto.randomUUID()}`));
  const cluster = async (objects: Objects) => (await ReadOnlyApi.start(t, objects)).kubeconfig();
  const nowhere = known.kubeconfig().replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1');
  return {
    stack,
    volume,
    configs: {
      right: stack.configFile,
      broken: await file('broken', '{ "clusterId": "" }'),
      keyless: await file(
        'keyless',
        changed(({ ssh }) => Object.assign(ssh, { privateKeyFile: '/nonexistent' })),
      ),
      away: await file(
        'away',
        changed(({ ssh }) => Object.assign(ssh, { port: 1 })),
      ),
      stranger: await file(
        'stranger',
        changed(({ ssh }) => Object.assign(ssh, { user: 'stranger' })),
      ),
      otherPool: await file(
        'pool',
        changed(({ pools }) => Object.assign(pools[0] ?? {}, { uuid: POOL_UUID.replace(/5/, '6') })),
      ),
    },
    clusters: {
      known: await file('known', known.kubeconfig()),
      unknown: await file('unknown', unknown.kubeconfig()),
      away: await file('nowhere', nowhere),
      healthy: await file('healthy', await cluster(healthy())),
      stuck: await file('stuck', await cluster(unbound({ spec: { storageClassName: 'fast' } }))),
    },
  };
}

/** A line to run, and what is typed into it. */
type Line = readonly [args: readonly string[], input?: string];

/** Each fault in each command that can have it. */
function lines({ volume, configs, clusters }: Place): Readonly<Record<Fault, readonly Line[]>> {
  const orphans = (config: string, cluster: string, ...rest: readonly string[]) => [
    'orphans',
    ...rest,
    '--config',
    config,
    '--kubeconfig',
    cluster,
  ];
  const why = (cluster: string, ...rest: readonly string[]) => ['why', 'data', '--kubeconfig', cluster, ...rest];
  const endpoint = ['--endpoint', 'unix:///nonexistent/csi.sock'];
  const node = ['node', ...endpoint, '--node-name', 'n', '--cluster-id', 'c1'];
  /** Every command that asks the RDS, with a configuration. */
  const askers = (config: string): Line[] => [
    [['doctor', '--config', config]],
    [['snapshots', 'ls', '--config', config]],
    [orphans(config, clusters.known, 'report')],
    [orphans(config, clusters.known, 'adopt', volume)],
    [orphans(config, clusters.known, 'delete', volume), 'y\n'],
    [why(clusters.healthy, '--config', config)],
  ];
  const all = [
    ['controller'],
    ['node'],
    ['doctor'],
    ['orphans'],
    ['snapshots'],
    ['why'],
    ['console'],
    ['simulate'],
    ['completion'],
    [],
    ['orphans', 'report'],
    ['orphans', 'adopt'],
    ['orphans', 'delete'],
    ['snapshots', 'ls'],
  ];
  const quick = ['--check', 'latency'];
  return {
    'nothing is wrong': [
      [['doctor', '--config', configs.right, ...quick]],
      [['snapshots', 'ls', '--config', configs.right]],
      [orphans(configs.right, clusters.known, 'report')],
      [orphans(configs.right, clusters.unknown, 'adopt', '--device-only', volume)],
      [why(clusters.healthy)],
      [['simulate', '--list-quirks']],
      ...['bash', 'zsh', 'fish'].map((shell): Line => [['completion', shell]]),
    ],
    '`--help`, `--version`': [[['--version']], [['-v']], ...all.map((command): Line => [[...command, '--help']])],
    'something was found': [
      [['doctor', '--config', configs.otherPool, '--check', 'pools']],
      [orphans(configs.right, clusters.unknown, 'report')],
      [orphans(configs.right, clusters.unknown, 'delete', volume), 'n\n'],
      [why(clusters.stuck)],
    ],
    'the command line is wrong': [
      ...all.map((command): Line => [[...command, '--frobnicate']]),
      ...all.map((command): Line => [command]),
      [['frobnicate']],
      [['completion', 'tcsh']],
      [['why', 'deployment/x']],
      [[...node, '--max-volumes', 'many']],
      [['simulate', '--listen', 'x']],
      [['console', '--config', configs.right, '--port', '65536']],
      [['console', '--config', configs.right, '--address', 'localhost']],
      [['console', '--config', configs.right, '--base-path', 'rose']],
      [['doctor', '--config', configs.right, '--pool', 'pool']],
      [['doctor', '--config', configs.right, '--check', 'nonsense']],
      [orphans(configs.right, clusters.known, 'delete', '--copy-of', volume, volume, volume)],
    ],
    'the configuration, or a key file that it names, cannot be used': [
      ...['/nonexistent', configs.broken, configs.keyless].flatMap((config) => [
        ...askers(config),
        [['controller', ...endpoint, '--config', config]] as Line,
        [['console', '--config', config]] as Line,
      ]),
      [[...node, '--attach', 'loop']],
      [['simulate', '--state', '/proc/nonexistent', '--authorized-keys', '/nonexistent']],
      [why('/nonexistent')],
    ],
    'what the command line names is not on the backends': [
      [['snapshots', 'ls', '--config', configs.right, '--volume', ABSENT]],
      [orphans(configs.right, clusters.known, 'adopt', ABSENT)],
      [orphans(configs.right, clusters.unknown, 'delete', ABSENT), 'y\n'],
    ],
    'the RDS cannot be reached': askers(configs.away),
    'the RDS refuses the login': askers(configs.stranger),
    'Kubernetes cannot be reached': [
      [orphans(configs.right, clusters.away, 'report')],
      [orphans(configs.right, clusters.away, 'adopt', volume)],
      [orphans(configs.right, clusters.away, 'delete', volume), 'y\n'],
      [why(clusters.away)],
    ],
    'standard output cannot be written (`> /dev/full`)': [
      ...all.slice(0, 9).map((command): Line => [[...command, '--help']]),
      [['completion', 'bash']],
      [['snapshots', 'ls', '--config', configs.right]],
      [orphans(configs.right, clusters.known, 'report')],
      [why(clusters.healthy)],
      [['doctor', '--config', configs.right, ...quick]],
    ],
  };
}

test('every command ends with the same code for the same fault, and says why in its own name', async (t) => {
  const cases = lines(await place(t));
  for (const [fault, code] of Object.entries(FAULTS)) {
    const isFull = fault.includes('/dev/full');
    for (const [args, input] of cases[fault as Fault]) {
      const ended = isFull ? await full(args) : await roseCsi(args, input === undefined ? {} : { input });
      const said = `${fault}: rose-csi ${args.join(' ')}\n${ended.stdout}${ended.stderr}`;
      assert.equal(ended.code, code, said);
      assert.doesNotMatch(ended.stderr, /^\s+at /m, `no stack: ${said}`);
      if (code === 2 && ended.stderr !== '')
        assert.match(ended.stderr, isUsage(ended) ? /^Usage: / : /^rose-csi/, said);
      if (code !== 2) assert.equal(ended.stderr, '', said);
      if (isFull) assert.equal(ended.stderr.trimEnd().split('\n').length, 1, said);
    }
  }
});

/** A command with subcommands that is called without one answers with its help. */
function isUsage({ stderr }: Ended): boolean {
  return stderr.startsWith('Usage: ');
}

async function full(args: readonly string[]): Promise<Ended> {
  return await inShell(`$ROSE_CSI ${args.map((arg) => `'${arg}'`).join(' ')} > /dev/full`);
}

test('a defect ended with the code of something that was found', async (t) => {
  const { configs } = await place(t);
  const defect = encodeURIComponent('setTimeout(() => { throw new Error("a defect of a test"); }, 300)');
  const env = { NODE_OPTIONS: `--import data:text/javascript,${defect}` };
  const { code, stderr } = await roseCsi(['doctor', '--config', configs.right, '--write'], { env });
  assert.equal(code, 2);
  assert.match(stderr, /^rose-csi doctor: a defect, please report it: Error: a defect of a test\n {4}at /);
});

test('a controller goes on while its RDS cannot be reached or refuses it, and ends with 0 when it is told to', async (t) => {
  const { configs, stack } = await place(t);
  for (const config of [configs.away, configs.stranger]) {
    const endpoint = `unix://${join(stack.directory, 'other.sock')}`;
    const child = spawn(process.execPath, [
      MAIN,
      'controller',
      '--config',
      config,
      '--endpoint',
      endpoint,
      '--log-level',
      'warn',
    ]);
    t.after(() => child.kill('SIGKILL'));
    let log = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part: Buffer) => {
        log += part.toString('utf8');
      });
    }
    const closed = once(child, 'close');
    await until(async () => {
      if (child.exitCode !== null) throw new Error(log);
      return /cannot be|refused/.test(log);
    });
    child.kill('SIGTERM');
    await closed;
    assert.equal(child.exitCode, 0, log);
  }
});
