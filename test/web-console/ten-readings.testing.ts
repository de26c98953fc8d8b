/** A console without a server that reads ten times as quickly as it can, and tells what it took: `memory.spec.ts` starts it. */
import { gunzipSync } from 'node:zlib';
import { readConfiguration } from '../../src/app/configuration.ts';
import { Reading } from '../../src/web-console/command/reading.ts';
import type { Scene } from '../../src/web-console/scene.ts';
import { SceneWatch } from '../../src/web-console/scene-watch.ts';

const [config = ''] = process.argv.slice(2);
const reading = new Reading({ config: await readConfiguration(config), flags: { config, deviceOnly: true } });
const watch = new SceneWatch({
  read: () => reading.read(),
  pauseMs: 1,
  onDefect: (error) => {
    throw error;
  },
});
let latest = await watch.after(0, AbortSignal.timeout(120_000));
for (let count = 1; count < 10; count += 1)
  latest = await watch.after(latest?.number ?? 0, AbortSignal.timeout(120_000));
await watch.close();
await reading.close();
// In KiB, whatever the system.
const mostMb = (process.resourceUsage().maxRSS * 1024) / 1e6;
const { rows } = JSON.parse(gunzipSync(latest?.gzipped ?? '').toString()) as Scene;
console.log(JSON.stringify({ mostMb, rows: rows.length }));
