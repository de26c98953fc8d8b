import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface GuestOptions {
  /** Names the guest's program: `/rose/<role>.mjs`. */
  readonly role: string;
  readonly kernel: string;
  /** The base archive and what is laid over it, in this order. */
  readonly initrd: string;
  readonly memoryMb: number;
  /** More arguments of qemu: drives, network. */
  readonly devices: readonly string[];
  /** More words of the kernel's command line. */
  readonly parameters?: readonly string[];
  /** The guest is ended after this many ms; then it has failed. */
  readonly timeoutMs: number;
  /** Every line of its console. */
  onLine(line: string): void;
}

/** A guest that is running. */
export interface Guest {
  /** Exit status of its program; undefined when the guest ended without telling, which is a failure. */
  readonly status: Promise<number | undefined>;
  /** Types on its console. */
  type(text: string): void;
  /** Takes its power away. */
  kill(): void;
}

/** Words of the kernel's command line that every guest has. */
export const KERNEL_PARAMETERS: readonly string[] = [
  'console=ttyS0',
  'rdinit=/init',
  'panic=-1',
  'quiet',
  'loglevel=4',
  'mitigations=off',
  // How fast the TSC goes is measured at boot, and on a busy machine so wrongly that clocks ran three times too fast.
  'clocksource=hpet',
  'no_timer_check',
  'random.trust_cpu=on',
];

/**
 * Arguments of qemu for a machine with one processor, its console on standard output and input, and nothing else. By emulation
 * unless asked otherwise: `/dev/kvm` of a nested machine may open and yet not run a stock kernel in any useful time.
 */
export function machineArguments(memoryMb: number, accelerator: 'kvm' | 'tcg' = 'tcg'): string[] {
  const how = accelerator === 'kvm' ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi', '-cpu', 'max'];
  const bare = ['-nographic', '-nodefaults', '-no-user-config', '-serial', 'stdio'];
  return ['-M', 'q35', ...how, '-smp', '1', '-m', String(memoryMb), ...bare];
}

/** A path as a value among options of qemu, which are parted by commas. */
export function pathOption(path: string): string {
  return path.replaceAll(',', ',,');
}

/** Boots a guest with its console on standard output. */
export function startGuest(options: GuestOptions): Guest {
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...machineArguments(options.memoryMb),
      '-no-reboot',
      '-kernel',
      options.kernel,
      '-initrd',
      options.initrd,
      '-append',
      [...KERNEL_PARAMETERS, `rose.role=${options.role}`, ...(options.parameters ?? [])].join(' '),
      ...options.devices,
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  child.stdin.on('error', () => undefined);
  let status: number | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      // The console ends its lines with CRLF and draws the boot loader's screen with escape codes.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what must go
      const text = line.replaceAll(/\x1B\[[0-9;?=]*[A-Za-z]|\x1Bc|\r/g, '').trimEnd();
      const result = new RegExp(`^GUEST-RESULT ${options.role} status=(\\d+)$`).exec(text);
      if (result !== null) status = Number(result[1]);
      if (text !== '') options.onLine(text);
    });
  }
  const kill = () => child.kill('SIGKILL');
  const timer = setTimeout(kill, options.timeoutMs);
  const ended = once(child, 'close').then(() => {
    clearTimeout(timer);
    return status;
  });
  return { status: ended, type: (text) => void child.stdin.write(text), kill };
}
