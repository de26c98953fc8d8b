import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** Addresses of the storage guests. Each has a wire of its own to the node guest. */
export const STORAGE_ADDRESS = '10.77.0.1';
export const SECOND_ADDRESS = '10.77.1.1';
/** Where a storage guest takes wishes, and its SSH door for the others. */
const CONTROL_PORT = 9000;
export const SSH_PORT = 2222;
export const LOOPBACK = '127.0.0.1';
/** On loopback of a storage guest, the SSH door of the other one. */
export const PEER_PORT = 2223;

/** The node guest's end of the wire to a storage guest. */
export function nodeEndOf(storage: string): string {
  return storage.replace(/1$/, '2');
}

/** What the node guest may ask of a storage guest beside what goes over SSH and NVMe/TCP. */
export type Commands = Readonly<Record<string, (argument: string) => Promise<unknown>>>;

/** Serves wishes: a line with name and argument in, a line of JSON out. */
export function serveCommands(address: string, wishes: Commands): void {
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
  server.listen(CONTROL_PORT, address);
}

/**
 * Leads a port of this guest to another, of the simulator unless a host is given: that listens on loopback only, and sends to no
 * other address.
 *
 * @param toPort the same unless given.
 */
export function forward(address: string, port: number, toPort = port, toHost = LOOPBACK): void {
  const server = createServer((from) => {
    const to = connect(toPort, toHost);
    from.setNoDelay(true);
    to.setNoDelay(true);
    for (const [one, other] of [[from, to] as const, [to, from] as const]) {
      one.on('error', () => other.destroy());
      one.pipe(other);
    }
  });
  server.listen(port, address);
}

/** Asks a storage guest, waiting for it to come up: the first one unless another is given. */
export async function ask<T>(name: string, argument = '', address = STORAGE_ADDRESS): Promise<T> {
  const socket = await reach(address);
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

async function reach(address: string): Promise<Socket> {
  const end = Date.now() + 60_000;
  for (;;) {
    const socket = connect(CONTROL_PORT, address);
    const reached = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    if (reached) return socket;
    if (Date.now() > end) throw new Error('the storage guest did not come up');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
