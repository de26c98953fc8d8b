import type { TestContext } from 'node:test';
import { HandClock } from '../clock.testing.ts';
import { Console } from '../console/console.ts';
import { Execution } from '../console/execution.ts';
import { temporaryDirectory } from '../device/device.testing.ts';
import { Device } from '../device/device.ts';
import { Quirks } from './quirks.ts';

/** A device with quirks and no SSH, and a pool `pool` of 1 GiB. */
export interface QuirkyDevice {
  readonly device: Device;
  readonly quirks: Quirks;
  /** Runs one line and returns what it printed, lines joined by `|`. */
  run(line: string): Promise<string>;
  /** Lets time pass. */
  wait(ms: number): void;
}

/** The clock of the device stands still at noon of 2 January 2026 until the test or a `:delay` moves it. */
export async function quirkyDevice(t: TestContext, names: readonly string[]): Promise<QuirkyDevice> {
  const clock = new HandClock('2026-01-02T12:00:00Z');
  const quirks = new Quirks(names, () => clock.now());
  const pools = [{ label: 'pool', mountPoint: 'pool', sizeBytes: 2 ** 30 }];
  const device = await Device.open({ stateDir: await temporaryDirectory(t), pools, clock }, () => quirks.device);
  t.after(() => device.close());
  const console = new Console(quirks.menus(device.menus), {}, () => quirks.dialect);
  const run = async (line: string) => {
    let printed = '';
    const write = (text: string) => {
      printed += text;
    };
    await console.run(line, write, new Execution(line, undefined, clock));
    return printed.trimEnd().replaceAll('\r\n', '|');
  };
  return { device, quirks, run, wait: (ms) => clock.pass(ms) };
}
