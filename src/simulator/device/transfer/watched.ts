import type { Execution } from '../../console/execution.ts';
import type { ConsoleHooks } from '../../console/hooks.ts';

/**
 * Moves one piece of a transfer, as a command of its own, so that every fault of a command can strike at it: `send` where it
 * is sent, `receive` where it is received.
 *
 * @param name Of the subvolume.
 */
export async function watched(
  hooks: ConsoleHooks,
  command: 'send' | 'receive',
  name: string,
  execution: Execution,
  move: () => Promise<void>,
): Promise<void> {
  const statement = { path: '/disk/btrfs/transfer', command, text: `${command} ${name}` };
  await execution.outlive(hooks.beforeStatement?.(statement, execution));
  await move();
  await execution.outlive(hooks.afterStatement?.(statement, execution));
}
