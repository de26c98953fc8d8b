import { setTimeout as pause } from 'node:timers/promises';

/** Waits until a condition holds, looking often, and fails after `timeoutMs`. */
export async function until(condition: () => Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`the condition did not hold within ${timeoutMs} ms: ${condition}`);
    await pause(5);
  }
}
