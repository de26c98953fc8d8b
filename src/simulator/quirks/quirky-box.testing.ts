import type { TestContext } from 'node:test';
import { Console } from '../console/console.ts';
import { temporaryDirectory } from '../device/device.testing.ts';
import { Device } from '../device/device.ts';
import { Quirks } from './quirks.ts';

/** A box with quirks and no SSH, and a pool `pool` of 1 GiB. */
export interface QuirkyBox {
  readonly device: Device;
  readonly quirks: Quirks;
  /** Runs one line and returns what it printed, lines joined by `|`. */
  run(line: string): Promise<string>;
  /** Lets time pass for the quirks. */
  wait(ms: number): void;
}

/** The box stands still at noon of 2 January 2026, apart from its quirks. */
export async function quirkyBox(t: TestContext, names: readonly string[]): Promise<QuirkyBox> {
  let elapsedMs = 0;
  const quirks = new Quirks(names, () => elapsedMs);
  const now = () => new Date(Date.UTC(2026, 0, 2, 12) + quirks.clockAheadMs);
  const pools = [{ label: 'pool', mountPoint: 'pool', sizeBytes: 2 ** 30 }];
  const device = await Device.open({ stateDir: await temporaryDirectory(t), pools, now }, () => quirks.device);
  t.after(() => device.close());
  const console = new Console(quirks.menus(device.menus), {}, () => quirks.dialect);
  const run = async (line: string) => {
    let printed = '';
    await console.run(line, (text) => {
      printed += text;
    });
    return printed.trimEnd().replaceAll('\r\n', '|');
  };
  const wait = (ms: number) => {
    elapsedMs += ms;
  };
  return { device, quirks, run, wait };
}
