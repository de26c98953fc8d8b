import { once } from 'node:events';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { exitHelp } from '../../cli/exit-codes.ts';
import { print, printJson } from '../../cli/output.ts';
import { printTable } from '../../cli/table.ts';
import { columns } from '../../cli/terminal.ts';
import { UsageError } from '../../cli/usage-error.ts';
import type { ExportTarget } from '../attach/export-target.ts';
import { BACKENDS, type Backend, type PoolOptions } from '../device/options.ts';
import type { Simulator } from '../simulate.ts';
import { collectJson, collectPool, parseLatency, parseListen } from './options.ts';

interface Flags {
  readonly state?: string;
  readonly authorizedKeys?: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly apiSocket?: string;
  readonly pool?: readonly PoolOptions[];
  readonly backend: Backend;
  readonly latencyMs: number;
  readonly user: string;
  readonly identity?: string;
  readonly nvmet?: string;
  readonly loop?: boolean;
  readonly fault?: readonly unknown[];
  readonly quirk?: readonly string[];
  readonly listQuirks?: boolean;
  readonly json?: boolean;
}

const EXAMPLE = `
Example: an RDS with one pool, its state in ./rds, and a first look at it.

  $ ssh-keygen -t ed25519 -N '' -f ./id_rds
  $ rose-csi simulate --state ./rds --authorized-keys ./id_rds.pub
  $ ssh -i ./id_rds -p 2222 csi@127.0.0.1 \\
      '/disk/btrfs/subvolume/add fs=pool name=Documents'
  $ ssh -i ./id_rds -p 2222 csi@127.0.0.1 '/disk/btrfs/subvolume/print'

Blocks of exported volumes are reached over a unix socket instead of NVMe/TCP:

  $ curl --unix-socket ./rds/api.sock http://simulator/v1/namespaces

The same on real subvolumes, as root, in a directory of its own on a Btrfs:

  $ truncate -s 100G pool.img && mkfs.btrfs pool.img
  $ mkdir -p /mnt/rds && mount -o loop pool.img /mnt/rds
  $ rose-csi simulate --state ./rds --authorized-keys ./id_rds.pub \\
      --backend btrfs --pool label=pool,path=/mnt/rds

Everything survives a restart. The simulator is stricter than the device: what
it does not do, it refuses, and it says so.
`;

const EXIT_HELP = exitHelp({ well: 'ended by SIGTERM or SIGINT' });

const LISTEN = '127.0.0.1:2222';

/** `rose-csi simulate`: runs until SIGINT or SIGTERM. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('Run a ROSE Data Server without hardware, for trying the driver and for tests')
    .option('--state <dir>', 'directory for everything that lasts; made when absent (required; one simulator each)')
    .option('--authorized-keys <file>', 'public keys that may log in, in the OpenSSH format (required: no default key)')
    .addOption(
      new Option('--listen <address>', 'loopback address and port for SSH; port 0 takes a free one')
        .argParser(parseListen)
        .default(parseListen(LISTEN), LISTEN),
    )
    .option('--user <name>', 'the user that may log in, beside admin', 'csi')
    .option(
      '--pool <spec>',
      'label=NAME and, when wanted, ,size=1T ,mount=NAME ,uuid=UUID ,path=DIR; repeat for more (default: label=pool)',
      collectPool,
    )
    .option('--api-socket <path>', 'unix socket of the block and test API (default: api.sock in the state directory)')
    .option('--latency-ms <n>', 'delay before each command runs', parseLatency, 0)
    .option('--identity <name>', 'name of the RDS until it is set')
    .addOption(
      new Option('--backend <name>', 'sparse files in the state directory, or subvolumes on a mounted Btrfs')
        .choices(BACKENDS)
        .default('files'),
    )
    .option('--nvmet <address>', 'offer exports over NVMe/TCP by the target of this kernel, on this IPv4 address')
    .addOption(new Option('--loop', 'offer exports as loop devices of this machine, over the API').conflicts('nvmet'))
    .option('--fault <json>', 'arm a fault, see docs/simulator.md; repeat for more', collectJson)
    .option('--quirk <name...>', 'ways in which the RDS differs from the strict default; repeat for more')
    .option('--list-quirks', 'list the names for --quirk and end')
    .option('--json', 'print one line of JSON when ready')
    .addHelpText('after', `${EXAMPLE}${EXIT_HELP}`)
    .action(simulate);
}

async function simulate(flags: Flags): Promise<void> {
  if (flags.listQuirks === true) {
    const { QUIRKS } = await import('../quirks/quirks.ts');
    const rows = QUIRKS.map(({ name, unknown = '', summary }) => ({ cells: [name, unknown, summary] }));
    const lines = printTable([{}, {}, { folds: 'words' }], rows, { width: columns() });
    print(lines.map((line) => `${line}\n`).join(''));
    return;
  }
  const simulator = await start(flags);
  if (flags.json === true) printJson(readyJson(simulator, flags));
  else print(readyText(simulator, flags));
  const stop = new AbortController();
  const { signal } = stop;
  await Promise.race([once(process, 'SIGINT', { signal }), once(process, 'SIGTERM', { signal })]);
  // A second signal ends the process at once, as it would any other.
  stop.abort();
  await simulator.close();
}

async function start(flags: Flags): Promise<Simulator> {
  if (flags.state === undefined) throw new UsageError('--state is missing: name a directory of its own');
  if (flags.authorizedKeys === undefined) {
    throw new UsageError(
      "--authorized-keys is missing: make a key with `ssh-keygen -t ed25519 -N '' -f id_rds`, pass id_rds.pub",
    );
  }
  // Loaded when it runs, so that the other commands do not carry it in memory.
  const { startSimulator } = await import('../simulate.ts');
  const { parseFaultOrder } = await import('../faults/fault-schema.ts');
  const options = {
    stateDir: flags.state,
    listen: flags.listen,
    authorizedKeys: await readFile(flags.authorizedKeys, 'utf8'),
    user: flags.user,
    pools: flags.pool ?? collectPool('label=pool'),
    backend: flags.backend,
    latencyMs: flags.latencyMs,
    faults: (flags.fault ?? []).map(parseFaultOrder),
    quirks: flags.quirk ?? [],
    ...(flags.nvmet === undefined ? {} : { target: await openNvmet(flags.nvmet) }),
    ...(flags.loop === true ? { target: await openLoop() } : {}),
    ...(flags.apiSocket === undefined ? {} : { apiSocket: flags.apiSocket }),
    ...(flags.identity === undefined ? {} : { identity: flags.identity }),
  };
  const made = await mkdir(flags.state, { recursive: true, mode: 0o700 });
  try {
    return await startSimulator(options);
  } catch (error) {
    // Nothing has ever been kept in it, and a second attempt may name another one.
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    throw error;
  }
}

async function openNvmet(address: string): Promise<ExportTarget> {
  const { NvmetTarget } = await import('../attach/nvmet.ts');
  return NvmetTarget.open({ address });
}

async function openLoop(): Promise<ExportTarget> {
  const { LoopTarget } = await import('../attach/loop.ts');
  return new LoopTarget();
}

function readyJson(simulator: Simulator, flags: Flags): object {
  const { address, port, hostKeyFingerprint, hostPublicKey, apiSocket } = simulator;
  const { backend } = simulator.device;
  const pools = simulator.device
    .pools()
    .map(({ label, uuid, mountPoint, size }) => ({ label, uuid, mountPoint, size }));
  const ssh = { address, port, user: flags.user, hostKeyFingerprint, hostPublicKey };
  return { ready: true, backend, ...ssh, apiSocket, pools };
}

function readyText(simulator: Simulator, flags: Flags): string {
  const { address, port, hostKeyFingerprint, apiSocket, device } = simulator;
  const pools = device
    .pools()
    .map((pool) => `pool      ${pool.label}, uuid ${pool.uuid}, mounted at ${pool.mountPoint}`);
  return [
    `RouterOS  ${device.version}, simulated; stop with Ctrl-C`,
    ...pools,
    `host key  ED25519 ${hostKeyFingerprint}`,
    `API       curl --unix-socket ${apiSocket} http://simulator/v1/info`,
    `SSH       ssh -i YOUR_KEY -p ${port} ${flags.user}@${address} '/disk/print'`,
    '',
  ].join('\n');
}
