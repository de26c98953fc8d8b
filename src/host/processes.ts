/** The only module that starts programs on the node (test/architecture/processes.spec.ts keeps it so). */
import { spawn } from 'node:child_process';

/** How a program ended, whatever its exit status. */
export interface Output {
  /** Exit status; undefined when a signal ended it. */
  readonly status: number | undefined;
  /** What it wrote, cut off at {@link ProcessOptions.maxBytes}. */
  readonly bytes: Buffer;
  /** The same as text without white space at its ends. */
  readonly text: string;
  /** Standard error as one line, without white space at its ends, of at most 4 KiB of it. */
  readonly complaint: string;
}

export interface ProcessOptions {
  /** Milliseconds after which the program and its children are killed; 30 s by default. */
  readonly timeoutMs?: number;
  /** Most bytes of standard output that are kept; 64 KiB by default. */
  readonly maxBytes?: number;
  /** Kills the program when it aborts. */
  readonly signal?: AbortSignal;
  /** Most milliseconds that are waited for the end of a program that was killed, and of what it had open; 0 by default. */
  readonly lingerMs?: number;
  /** An open file of this process that the program gets as its descriptor 3. */
  readonly inherit?: number;
}

/** A program did not end as it had to. */
export class ProcessError extends Error {
  override readonly name = 'ProcessError';
  /** It was killed because it took too long: whether it took effect is unknown. */
  readonly timedOut: boolean;
  readonly status: number | undefined;

  constructor(message: string, how: { readonly timedOut?: boolean; readonly status?: number | undefined } = {}) {
    super(message);
    this.timedOut = how.timedOut ?? false;
    this.status = how.status;
  }
}

/** Starts programs with an argument vector. What a shell is given is a script of ours, with what varies in its arguments. */
export interface Processes {
  /** @throws ProcessError when it cannot be started, takes too long, or its exit status is not 0 */
  run(program: string, args: readonly string[], options?: ProcessOptions): Promise<Output>;
  /** Like {@link run}, but every exit status is an answer. @throws ProcessError when there is none */
  ask(program: string, args: readonly string[], options?: ProcessOptions): Promise<Output>;
}

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 65_536;
const MAX_COMPLAINT_BYTES = 4096;

/**
 * Each program runs in a process group of its own, in the C locale, and the whole group is killed when its time is over.
 * A program that the kernel does not let go of (a dead device) is left behind then: nothing waits for it longer than it says.
 *
 * @param prefix program and arguments that go before every command, such as `chroot /host`
 */
export function processes(prefix: readonly string[] = []): Processes {
  const ask: Processes['ask'] = (program, args, options = {}) =>
    start(programOf(program, args), [...prefix, program, ...args], options);
  return {
    ask,
    async run(program, args, options) {
      const output = await ask(program, args, options);
      if (output.status === 0) return output;
      const why = output.status === undefined ? 'was killed' : `ended with status ${output.status}`;
      const said = output.complaint || onOneLine(output.text.slice(0, MAX_COMPLAINT_BYTES)) || 'it said nothing';
      throw new ProcessError(`${programOf(program, args)} ${why}: ${said}`, { status: output.status });
    },
  };
}

/** What a program says ends up in Events, of which kubectl shows the first line, and with most programs that is a banner. */
function onOneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, '; ');
}

/** What a command is about: the program that setpriv starts, or what a script of ours (`sh -c SCRIPT NAME`) calls itself. */
export function programOf(program: string, args: readonly string[]): string {
  if (program === 'setpriv') return args[args.indexOf('--') + 1] ?? program;
  return program === 'sh' ? (args[2] ?? program) : program;
}

/** @param name what messages call it */
function start(name: string, [program = '', ...args]: readonly string[], options: ProcessOptions): Promise<Output> {
  const { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, lingerMs = 0, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new ProcessError(`${name} was not started: the caller has gone`, { timedOut: true }));
      return;
    }
    const child = spawn(program, args, {
      detached: true,
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe', options.inherit ?? 'ignore'],
    });
    // Without a descriptor left there are no pipes, and `error` says why.
    const { stdout, stderr } = child;
    const output = new Capture(maxBytes);
    const errors = new Capture(MAX_COMPLAINT_BYTES);
    stdout?.on('data', (part: Buffer) => output.add(part));
    stderr?.on('data', (part: Buffer) => errors.add(part));
    const giveUp = (why: string) => {
      end();
      killGroup(child.pid);
      stdout?.destroy();
      stderr?.destroy();
      child.unref();
      const gone = () => reject(new ProcessError(`${name} ${why}`, { timedOut: true }));
      if (lingerMs === 0) return gone();
      const patience = setTimeout(gone, lingerMs);
      child.once('exit', () => {
        clearTimeout(patience);
        gone();
      });
    };
    const late = () => giveUp(`took longer than ${timeoutMs} ms and was killed`);
    const abandoned = () => giveUp('was killed: the caller has gone');
    const timer = setTimeout(late, timeoutMs);
    signal?.addEventListener('abort', abandoned, { once: true });
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abandoned);
    };
    child.once('error', (error) => {
      end();
      reject(new ProcessError(`${name} cannot be started: ${error.message}`));
    });
    child.once('close', (status) => {
      end();
      const bytes = output.bytes();
      const [text, complaint] = [bytes, errors.bytes()].map((part) => part.toString('utf8').trim());
      resolve({ status: status ?? undefined, bytes, text: text ?? '', complaint: onOneLine(complaint ?? '') });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended in this very moment.
  }
}

/** The first bytes of a stream; the rest is read and dropped, so that the program does not stop for want of a reader. */
class Capture {
  readonly #parts: Buffer[] = [];
  #room: number;

  constructor(maxBytes: number) {
    this.#room = maxBytes;
  }

  add(part: Buffer): void {
    if (this.#room === 0) return;
    const kept = part.subarray(0, this.#room);
    this.#parts.push(kept);
    this.#room -= kept.length;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
