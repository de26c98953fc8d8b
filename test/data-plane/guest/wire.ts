import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** Addresses of the two guests on the wire between them. */
export const STORAGE_ADDRESS = '10.77.0.1';
export const NODE_ADDRESS = '10.77.0.2';
/** Where the storage guest takes wishes, and its SSH door for the other guest. */
const CONTROL_PORT = 9000;
export const SSH_PORT = 2222;

/** What the node guest may ask of the storage guest beside what goes over SSH and NVMe/TCP. */
export type Commands = Readonly<Record<string, (argument: string) => Promise<unknown>>>;

/** Serves wishes: a line with name and argument in, a line of JSON out. */
export function serveCommands(wishes: Commands): void {
  const server = createServer((socket) => {
    createInterface({ input: socket }).on('line', (line) => {
      const [name = '', argument = ''] = line.split(' ', 2);
      const wish = wishes[name] ?? (() => Promise.reject(new Error(`there is no wish ${name}`)));
      wish(argument).then(
        (result) => socket.write(`${JSON.stringify({ result: result ?? null })}\n`),
        (error: unknown) => socket.write(`${JSON.stringify({ error: String(error) })}\n`),
      );
    });
    socket.on('error', () => undefined);
  });
  server.listen(CONTROL_PORT, STORAGE_ADDRESS);
}

/**
 * Leads a port of this guest to the simulator, which listens on loopback only.
 *
 * @param inner the simulator's; the same unless given.
 */
export function forward(address: string, port: number, inner = port): void {
  const server = createServer((from) => {
    const to = connect(inner, '127.0.0.1');
    from.setNoDelay(true);
    to.setNoDelay(true);
    for (const [one, other] of [[from, to] as const, [to, from] as const]) {
      one.on('error', () => other.destroy());
      one.pipe(other);
    }
  });
  server.listen(port, address);
}

/** Asks the storage guest, waiting for it to come up. */
export async function ask<T>(name: string, argument = ''): Promise<T> {
  const socket = await reach();
  try {
    socket.write(`${name} ${argument}\n`);
    for await (const line of createInterface({ input: socket })) {
      const answer = JSON.parse(line) as { result?: T; error?: string };
      if (answer.error !== undefined) throw new Error(`${name}: ${answer.error}`);
      return answer.result as T;
    }
    throw new Error(`${name}: the storage guest closed the connection`);
  } finally {
    socket.destroy();
  }
}

async function reach(): Promise<Socket> {
  const end = Date.now() + 60_000;
  for (;;) {
    const socket = connect(CONTROL_PORT, STORAGE_ADDRESS);
    const reached = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    if (reached) return socket;
    if (Date.now() > end) throw new Error('the storage guest did not come up');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
