import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits until a condition holds, and fails after `timeoutMs`.
 *
 * @param pauseMs between two looks: often, unless looking is dear.
 */
export async function until(condition: () => Promise<boolean>, timeoutMs = 10_000, pauseMs = 5): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`the condition did not hold within ${timeoutMs} ms: ${condition}`);
    await pause(pauseMs);
  }
}
