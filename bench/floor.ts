import { readFile } from 'node:fs/promises';
import { connectRouterOs, type RouterOs, ros } from '../src/routeros/index.ts';
import type { RunningRds } from '../test/support/programs.ts';

/**
 * A second conversation with the RDS, made by the same code as the driver's: the same SSH, queue and envelope. It is
 * what RPCs are compared with, and fills the RDS where that by RPCs would take too long.
 */
export function converse({ address, port, user, keyFile, hostKeyFingerprint }: RunningRds): RouterOs {
  return connectRouterOs({
    host: address,
    port,
    hostKeys: [hostKeyFingerprint],
    credentials: async () => ({ username: user, privateKey: await readFile(keyFile) }),
  });
}

/** An exec that prints one constant: no RPC that asks the RDS can be faster. */
export async function bareExec(routerOs: RouterOs): Promise<void> {
  // Writes never share an exec, so each caller pays for its own.
  await routerOs.run(ros`:put "{}"`, { kind: 'write' });
}
