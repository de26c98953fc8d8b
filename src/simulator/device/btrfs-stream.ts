import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { btrfsFailure } from './btrfs-command.ts';
import type { StreamSink } from './volume-store.ts';

/** Of the stream: a magic text and a version; of a command: its length without this, its number, a checksum. */
const STREAM_HEADER_BYTES = 17;
const COMMAND_HEADER_BYTES = 10;

/**
 * The stream of `btrfs send`, one command after the other, so that it can be cut off at the same place each time. Whoever
 * stops reading ends the process.
 *
 * @throws BtrfsError with the last line of what it said.
 */
export async function* btrfsSend(...args: readonly string[]): AsyncGenerator<Buffer> {
  const [child, ended] = start('send', args);
  child.stdin.end();
  try {
    yield* commands(child.stdout);
    await ended;
  } finally {
    child.kill('SIGKILL');
    await ended.catch(() => undefined);
  }
}

/** The commands of a stream, the first one behind the header of the stream; what is torn at its end is a piece, too. */
async function* commands(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let before = STREAM_HEADER_BYTES;
  let rest: Buffer = Buffer.alloc(0);
  for await (const data of stream) {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= before + COMMAND_HEADER_BYTES) {
      const end = before + COMMAND_HEADER_BYTES + rest.readUInt32LE(before);
      if (rest.length < end) break;
      yield rest.subarray(0, end);
      rest = rest.subarray(end);
      before = 0;
    }
  }
  if (rest.length > 0) yield rest;
}

/** A `btrfs receive` that gets its stream piece by piece. */
export class BtrfsReceive implements StreamSink {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<void>;

  /** @param directory The container of what is received. */
  constructor(directory: string) {
    [this.#child, this.#ended] = start('receive', [directory]);
    this.#child.stdout.resume();
    // What it could not take is known at its end.
    this.#child.stdin.on('error', () => undefined);
  }

  async write(piece: Buffer): Promise<void> {
    const isTaken = await new Promise<boolean>((resolve) => {
      this.#child.stdin.write(piece, (error) => resolve(error === null || error === undefined));
    });
    if (!isTaken) await this.end();
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  /** It sees the end of the stream, as when a connection breaks. */
  async abort(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended.catch(() => undefined);
  }
}

function start(command: string, args: readonly string[]): [ChildProcessWithoutNullStreams, Promise<void>] {
  const child = spawn('btrfs', [command, '-q', ...args], { env: { ...process.env, LC_ALL: 'C' } });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error) => reject(btrfsFailure([command], said, error)));
    child.once('close', (code) => (code === 0 ? resolve() : reject(btrfsFailure([command], said, code))));
  });
  // Whoever waits for it sees how it ended.
  ended.catch(() => undefined);
  return [child, ended];
}
