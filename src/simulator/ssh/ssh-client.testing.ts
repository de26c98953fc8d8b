import { once } from 'node:events';
import type { TestContext } from 'node:test';
import ssh2, { type Client, type ClientChannel, type ConnectConfig } from 'ssh2';

/** What came back from a command. */
export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Connects and logs in; the connection ends with the test. */
export async function connect(t: TestContext, config: ConnectConfig): Promise<Client> {
  const client = new ssh2.Client();
  t.after(() => client.destroy());
  const ready = once(client, 'ready');
  client.connect({ host: '127.0.0.1', username: 'csi', ...config });
  await ready;
  // What happens to the connection later is for the test to look at.
  client.on('error', () => undefined);
  return client;
}

/** Opens a channel with a command in it. */
export function openExec(client: Client, command: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => (error === undefined ? resolve(channel) : reject(error)));
  });
}

/** Runs a command to its end. */
export function exec(client: Client, command: string): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error !== undefined) return reject(error);
      // All listeners at once: a quick answer is here before a promise could hand the channel over.
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      let code: number | null = null;
      channel.on('data', (data: Buffer) => stdout.push(data));
      channel.stderr.on('data', (data: Buffer) => stderr.push(data));
      channel.on('exit', (status: number | null) => {
        code = status;
      });
      channel.on('close', () => {
        resolve({ stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString(), code });
      });
    });
  });
}
