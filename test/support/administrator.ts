import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import ssh2 from 'ssh2';
import type { RunningRds } from './programs.ts';

/** How an RDS is reached, and by which key. */
export type Door = Pick<RunningRds, 'address' | 'port' | 'keyFile'>;

/**
 * Runs lines on the console of an RDS as its administrator, over SSH, one after the other.
 *
 * @throws Error with the line and what it printed, at the first one that has something to say: these have not, when it goes well.
 */
export async function administer(rds: Door, lines: readonly string[]): Promise<void> {
  const client = new ssh2.Client();
  try {
    const ready = once(client, 'ready');
    const privateKey = await readFile(rds.keyFile);
    client.connect({ host: rds.address, port: rds.port, username: 'admin', privateKey });
    await ready;
    for (const line of lines) {
      const printed = await run(client, line);
      if (printed !== '') throw new Error(`${line}: ${printed}`);
    }
  } finally {
    client.destroy();
  }
}

/** @returns what the line printed. */
function run(client: ssh2.Client, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.exec(line, (error, channel) => {
      if (error !== undefined) return reject(error);
      let printed = '';
      for (const stream of [channel, channel.stderr]) {
        stream.on('data', (part: Buffer) => {
          printed += part.toString('utf8');
        });
      }
      channel.on('close', () => resolve(printed.trim()));
    });
  });
}
