import { askOutside } from '../../data-plane/guest/outside.ts';
import type { Observation } from '../answers.ts';

/** What the initiator reports to the machine outside, one line of JSON each. */
export type Answer =
  | Pick<Observation, 'unknown' | 'source' | 'verdict' | 'device'>
  /** Nothing listens for NVMe/TCP, or refuses: the rest is left out. */
  | { readonly unreachable: string };

export function answer(what: Answer): void {
  console.log(`ANSWER ${JSON.stringify(what)}`);
}

/** Asks the machine outside to restart the device, and returns when it is up again. */
export async function restartDevice(): Promise<void> {
  await askOutside('restart');
}
