import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { MiB, makeVolume, outcome } from '../support/calls.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { Wire } from '../support/wire.ts';

/** An RDS of which only the TCP port works. @returns its port. */
async function startMute(t: TestContext, greet: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    greet(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

const GREETINGS: Record<string, (socket: Socket) => void> = {
  'says nothing at all': () => undefined,
  'hangs up at once': (socket) => socket.end(),
  'resets the connection': (socket) => socket.resetAndDestroy(),
  'speaks another protocol': (socket) => socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'),
  'stops in the middle of the key exchange': (socket) => socket.write('SSH-2.0-ROSSSH\r\n\u0000\u0000\u0003'),
  'sends rubbish for a key exchange': (socket) => socket.write(`SSH-2.0-ROSSSH\r\n${'\u00ff'.repeat(4096)}`),
};

/**
 * An SSH handshake that timed out was an exception that no one caught: the process died, again and again, and its probe
 * failed: https://github.com/democratic-csi/democratic-csi/issues/526,
 * https://github.com/democratic-csi/democratic-csi/issues/17, https://github.com/mscdex/ssh2/issues/1170.
 */
for (const [what, greet] of Object.entries(GREETINGS)) {
  test(`an RDS that ${what} took the driver down with it`, async (t) => {
    const wire = await Wire.open();
    t.after(() => wire.close());
    const patience = {
      retryPolicy: { rules: [], budgetMs: 1000 },
      breaker: { failures: 100, firstBreakMs: 10, maxBreakMs: 20 },
    };
    const { controller, identity, simulator } = await startStack(t, { wire, patience });
    const volumeId = await makeVolume(controller, MiB);
    wire.cut();
    wire.join(await startMute(t, greet));
    const calls = [
      controller.controllerGetVolume({ volumeId }),
      controller.deleteVolume({ volumeId }),
      makeVolume(controller),
    ];
    assert.deepEqual(await Promise.all(calls.map(outcome)), ['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE']);
    assert.equal((await identity.probe({})).ready, true, 'the driver itself is well');
    wire.cut();
    wire.join(simulator.port);
    await until(async () => (await outcome(controller.controllerGetVolume({ volumeId }))) === 'OK', 30_000);
  });
}
