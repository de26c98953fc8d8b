import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Asks the machine outside for something by a line on the console, and returns when it is done. */
export async function askOutside(wish: string): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  const done = once(lines, 'line');
  console.log(`WAIT ${wish}`);
  await done;
  lines.close();
}
