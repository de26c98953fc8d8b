import { readFile } from 'node:fs/promises';
import { connectRouterOs, type RouterOs, ros } from '../src/routeros/index.ts';
import type { RunningBox } from '../test/support/programs.ts';

/**
 * A second conversation with the box, made by the same code as the driver's: the same SSH, queue and envelope. It is
 * what RPCs are compared with, and fills the box where that by RPCs would take too long.
 */
export function converse({ address, port, user, keyFile, hostKeyFingerprint }: RunningBox): RouterOs {
  return connectRouterOs({
    host: address,
    port,
    hostKeys: [hostKeyFingerprint],
    credentials: async () => ({ username: user, privateKey: await readFile(keyFile) }),
  });
}

/** An exec that prints one constant: no RPC that asks the box can be faster. */
export async function bareExec(routerOs: RouterOs): Promise<void> {
  // Writes never share an exec, so each caller pays for its own.
  await routerOs.run(ros`:put "{}"`, { kind: 'write' });
}
