import { randomBytes } from 'node:crypto';
import { parseAnswer, wrap } from './envelope.ts';
import { hostKeysReader } from './host-key.ts';
import type { RouterOsOptions } from './router.ts';
import type { JsonRow } from './routeros.ts';
import type { Script } from './script.ts';
import { Connection, type ExecResult } from './ssh-session.ts';

/** Most bytes of output that a console takes; far beyond what the driver asks for in one exec (docs/routeros.md, U21). */
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/** What came back of one line that was sent as it is. */
interface ConsoleAnswer extends ExecResult {
  /** Milliseconds from sending to the end, connecting not included. */
  readonly ms: number;
}

/**
 * One RDS for diagnosis: what is sent goes out once, at once and without a retry, queue or breaker, so that what the RDS
 * does can be seen as it is. Lines sent at the same time share a connection, each in a channel of its own.
 */
export interface RouterOsConsole {
  /**
   * Sends a line without the frame of markers, however long it is. When `timeoutMs` is over, the connection is torn down
   * while the line may still be at work.
   *
   * @throws RouterOsError `unreachable` or `unauthenticated` when nothing was sent, `unknown` for more output than is taken.
   */
  send(script: Script, timeoutMs?: number): Promise<ConsoleAnswer>;
  /**
   * Runs a script in the frame that the driver uses and returns its rows.
   *
   * @throws RouterOsError as the driver sees it: refused, failed, rejected, unreachable, unauthenticated or unknown.
   */
  run(script: Script, timeoutMs?: number): Promise<readonly JsonRow[]>;
  close(): void;
}

/** Opens a console; connected when first used, and again when the connection was lost. */
export function openConsole(
  options: Pick<RouterOsOptions, 'host' | 'port' | 'hostKeys' | 'credentials' | 'connectTimeoutMs' | 'execTimeoutMs'>,
): RouterOsConsole {
  const link = new Connection({
    host: options.host,
    port: options.port ?? 22,
    hostKeys: hostKeysReader(options),
    credentials: () => options.credentials(),
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    maxOutputBytes: MAX_OUTPUT_BYTES,
  });
  const usualTimeoutMs = options.execTimeoutMs ?? 20_000;
  const exec = async (line: string, timeoutMs: number): Promise<ConsoleAnswer> => {
    const session = await link.session();
    const begin = performance.now();
    const result = await session.exec(line, timeoutMs);
    return { ...result, ms: performance.now() - begin };
  };
  return {
    send: (script, timeoutMs = usualTimeoutMs) => exec(script.text, timeoutMs),
    async run(script, timeoutMs = usualTimeoutMs) {
      const nonce = randomBytes(8).toString('hex');
      const { output, note } = await exec(wrap(script, nonce), timeoutMs);
      return parseAnswer(output, nonce, note).rows;
    },
    close: () => link.close(),
  };
}
