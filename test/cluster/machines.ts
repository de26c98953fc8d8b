/**
 * A "machine" of the cluster: a mount, a network and a PID namespace on this one. All of its processes go when the first
 * does, with them its mounts and its network. Which machines there are is known from files, so that another process can use
 * and remove them.
 */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import { answer, type CommandOptions, leave } from './commands.ts';

const PATIENCE_MS = 30_000;
/** Where containers expect the kubelet; the chart's default. */
const KUBELET = '/var/lib/kubelet';
/** Of the bridge that the machines and their pods are on. Nothing of it leaves the namespaces. */
const NETWORK = '10.77';
/** The address of the Service `kubernetes`. There is no kube-proxy: the API server itself listens there. */
export const SERVICE_ADDRESS = '10.96.0.1';

/** What the kubelet wants of the kernel, which belongs to this machine. It reads them here, and so changes nothing. */
const KERNEL_SETTINGS = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

export class Machine {
  /** `n1`, `n2`: also its name as a node. */
  readonly name: string;
  /** All of its files. */
  readonly directory: string;
  readonly #number: number;

  /** @param cluster folder of the cluster; an absolute path without blanks. */
  constructor(cluster: string, number: number) {
    this.#number = number;
    this.name = `n${number}`;
    this.directory = join(cluster, this.name);
  }

  /** Its address on the bridge. */
  get address(): string {
    return `${NETWORK}.0.${this.#number}`;
  }

  /** First and last address of its pods, and the network that they share with all others. */
  get podAddresses(): { readonly first: string; readonly last: string; readonly network: string } {
    const part = `${NETWORK}.${this.#number}0`;
    return { first: `${part}.1`, last: `${part}.254`, network: `${NETWORK}.0.0/16` };
  }

  /** Whether it is there. */
  isUp(): boolean {
    return this.#init() !== undefined;
  }

  /**
   * Makes the namespaces. The first machine has the bridge on which the others hang.
   *
   * @param pause program that becomes the first process.
   */
  async boot(pause: string, first: Machine): Promise<void> {
    mkdirSync(join(this.directory, 'log'), { recursive: true });
    mkdirSync(join(this.directory, 'kubelet'), { recursive: true });
    const flags = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
    const outer = leave('unshare', [...flags, pause, this.directory], 'ignore');
    try {
      await until(async () => descendantsOf(outer).some((pid) => commandOf(pid)[0] === pause), PATIENCE_MS);
      writeFileSync(this.#file('init'), `${descendantsOf(outer)[0]}\n`);
    } catch (error) {
      // What is not written down is never found again. The first process goes with this one.
      process.kill(outer, 'SIGKILL');
      throw error;
    }
    await this.#mount();
    await this.#connect(first);
  }

  /** Runs a program in it to its end. Its working directory is `/`. @returns its standard output. */
  async run(program: string, args: readonly string[] = [], options?: CommandOptions): Promise<string> {
    return await answer('nsenter', [...this.entering(), program, ...args], options);
  }

  /** Arguments of nsenter that lead into it. @throws Error when it is not there. */
  entering(): readonly string[] {
    const init = this.#init();
    if (init === undefined) throw new Error(`the machine ${this.name} is not there`);
    return [`--target=${init}`, '--mount', '--net', '--pid', '--'];
  }

  /** Starts a program in it that outlives this process, and returns at once. What it writes goes to its log. */
  start(name: string, program: string, args: readonly string[]): void {
    const log = openSync(this.log(name), 'a');
    try {
      writeFileSync(this.#file(name), `${leave('nsenter', [...this.entering(), program, ...args], log)}\n`);
    } finally {
      closeSync(log);
    }
  }

  /** Where the output of a program goes. */
  log(name: string): string {
    return join(this.directory, `${name}.log`);
  }

  /** Whether a program that was started has not ended. */
  isRunning(name: string): boolean {
    return pidIn(this.#file(name)) !== undefined;
  }

  /** @throws Error with the end of its log, when a program that was started has ended. */
  assertRuns(name: string): void {
    if (this.isRunning(name)) return;
    const log = readFileSync(this.log(name), 'utf8').split('\n').slice(-20).join('\n');
    throw new Error(`${name} ended on ${this.name}:\n${log}`);
  }

  /** Asks a program that was started to end, with the processes that serve for it, and waits until it has. Does nothing when it has already. */
  async stop(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const outer = pidIn(this.#file(name));
    if (outer === undefined) return;
    for (const pid of descendantsOf(outer)) end(pid, signal);
    await until(async () => !isRunning(outer), PATIENCE_MS);
    rmSync(this.#file(name));
  }

  /** Ends it with all that runs in it. */
  async halt(): Promise<void> {
    const init = this.#init();
    if (init === undefined) return;
    process.kill(init, 'SIGKILL');
    await until(async () => !isRunning(init), PATIENCE_MS);
  }

  /** Writes a program that runs another one in this machine, where it is called. */
  writeDoor(file: string, program: string, args: readonly string[], env: Readonly<Record<string, string>>): void {
    const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const words = ['exec', 'env', ...settings, 'nsenter', '--wdns="$PWD"', ...this.entering(), program, ...args];
    writeFileSync(file, `#!/bin/sh\n${words.join(' ')} "$@"\n`);
    chmodSync(file, 0o755);
  }

  /** The first process, as this machine sees it. A number that was given to another process since does not count. */
  #init(): number | undefined {
    const pid = pidIn(this.#file('init'));
    return pid !== undefined && commandOf(pid)[1] === this.directory ? pid : undefined;
  }

  #file(name: string): string {
    return join(this.directory, `${name}.pid`);
  }

  /** What is mounted in pods has to appear in the machine, and in it alone; what its programs leave in `/run` and `/var` too. */
  async #mount(): Promise<void> {
    const kubelet = join(this.directory, 'kubelet');
    mkdirSync(KUBELET, { recursive: true });
    mkdirSync('/var/lib/cni', { recursive: true });
    const settings = Object.entries(KERNEL_SETTINGS).map(([name, value]) => {
      const file = join(this.directory, 'kernel', name.replaceAll('/', '.'));
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, `${value}\n`);
      return `[ ! -e /proc/sys/${name} ] || mount --bind ${file} /proc/sys/${name}`;
    });
    await this.#shell([
      'mount --make-rshared /',
      'mount -t tmpfs -o mode=755 tmpfs /run',
      'mount -t tmpfs -o mode=755 tmpfs /var/lib/cni',
      `mount --bind ${join(this.directory, 'log')} /var/log`,
      // A peer group of its own, or findmnt shows each volume twice.
      `mount --bind ${kubelet} ${KUBELET}`,
      `mount --make-private ${KUBELET}`,
      `mount --make-shared ${KUBELET}`,
      ...settings,
    ]);
  }

  /** With an address of its own: a bridge takes the lowest of its ports, which come and go with the pods. */
  async #connect(first: Machine): Promise<void> {
    await this.#shell([
      'ip link set lo up',
      `ip link add bridge address 02:00:0a:4d:00:${String(this.#number).padStart(2, '0')} type bridge`,
      `ip addr add ${this.address}/16 dev bridge`,
      'ip link set bridge up',
      'echo 1 > /proc/sys/net/ipv4/ip_forward',
    ]);
    if (first.name === this.name) {
      await this.#shell([`ip addr add ${SERVICE_ADDRESS}/32 dev lo`, 'ip route add default dev bridge']);
      return;
    }
    const there = `to-${this.name}`;
    await answer('ip', [
      'link',
      'add',
      'cable',
      'netns',
      String(this.#init()),
      'type',
      'veth',
      'peer',
      'name',
      there,
      'netns',
      String(first.#init()),
    ]);
    await this.#shell(['ip link set cable master bridge up', `ip route add default via ${first.address}`]);
    await first.#shell([`ip link set ${there} master bridge up`]);
  }

  async #shell(lines: readonly string[]): Promise<void> {
    await this.run('sh', ['-ec', lines.join('\n')]);
  }
}

/** The process whose number a file holds, when there still is one. */
function pidIn(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8'));
  return pid > 0 && isRunning(pid) ? pid : undefined;
}

/**
 * By its state (proc(5)): one that ended, and that its parent has not asked about, is a zombie. Its command line says nothing, as
 * it is empty for a moment while a program is being started.
 */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

function descendantsOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return children.flatMap((child) => [child, ...descendantsOf(child)]);
  } catch {
    return [];
  }
}

/** One that ended meanwhile needs no signal. */
function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ESRCH') throw error;
  }
}

function commandOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
