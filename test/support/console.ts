import assert from 'node:assert/strict';
import { Console } from '../../src/simulator/console/console.ts';
import type { Row } from '../../src/simulator/console/menu.ts';
import type { Simulator } from '../../src/simulator/simulate.ts';

/**
 * Runs one line on the console of a simulated RDS, as its owner would, and returns what it printed. Neither counted as an
 * exec nor seen by the hooks of the simulator.
 */
export async function look(simulator: Simulator, line: string): Promise<string> {
  let output = '';
  await new Console(simulator.device.menus).run(line, (text) => {
    output += text;
  });
  return output.trim();
}

/** Runs one line that must succeed without a word. */
export async function change(simulator: Simulator, line: string): Promise<void> {
  assert.equal(await look(simulator, line), '', line);
}

/** Names of all subvolumes of the RDS, those of others included, in the order of their making. */
export function subvolumes(simulator: Simulator): string[] {
  return simulator.device.pools().flatMap((pool) => pool.subvolumes);
}

/** Slots of all file-backed disk items of the RDS. */
export async function slots(simulator: Simulator): Promise<string[]> {
  const output = await look(simulator, ':foreach i in=[/disk find where type=file] do={:put [/disk get $i slot]}');
  return output.split(/\s+/).filter((slot) => slot !== '');
}

/** Everything on the RDS that can be left behind: subvolumes, disk items, files that no one uses. */
export async function inventory(simulator: Simulator): Promise<string[]> {
  const strays = simulator.device.pools().flatMap((pool) => pool.strayFiles);
  return [...subvolumes(simulator), ...(await slots(simulator)), ...strays].toSorted();
}

/** Shows the rows of a menu to all scripts as `view` returns them, e.g. in another order, until the test is over. */
export function showRows(
  { device }: Simulator,
  path: string,
  view: (rows: readonly Row[]) => readonly Row[] | Promise<readonly Row[]>,
): void {
  const menu = device.menus.find(path);
  assert.ok(menu, path);
  const rows = menu.rows.bind(menu);
  menu.rows = async () => view(await rows());
}
