import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { SOURCES } from '../support/installation.ts';
import { type Running, startBox, startDriver } from '../support/programs.ts';
import { until } from '../support/until.ts';
import { controllerFile, rendering } from './manifests.ts';

/** What of the rendered configuration has to be that of a box of the test. */
const rendered = z.looseObject({
  backends: z.tuple([
    z.looseObject({
      ssh: z.looseObject({ privateKeyFile: z.string(), hostKeysFile: z.string() }),
      pools: z.tuple([z.looseObject({ label: z.string() })]),
    }),
  ]),
});

test('the driver runs with the configuration of the chart, and takes host keys that are exchanged meanwhile', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-chart-'));
  const running: Running[] = [];
  t.after(async () => {
    await Promise.all(running.map((program) => program.stop()));
    await rm(directory, { recursive: true });
  });
  const config = rendered.parse(parse(controllerFile(rendering('minimum'))));
  const [backend] = config.backends;
  const box = await startBox(SOURCES, directory, ['--pool', `label=${backend.pools[0].label},size=1G`]);
  running.push(box);

  // The files are where the pod would have them, below another root.
  const privateKeyFile = join(directory, backend.ssh.privateKeyFile);
  const hostKeysFile = join(directory, backend.ssh.hostKeysFile);
  await mkdir(dirname(privateKeyFile), { recursive: true });
  await cp(box.keyFile, privateKeyFile);
  await writeFile(hostKeysFile, `SHA256:${'A'.repeat(43)}\n`);
  const ssh = { ...backend.ssh, host: box.address, port: box.port, user: box.user, privateKeyFile, hostKeysFile };
  const pools = box.pools.map(({ label, uuid, mountPoint }) => ({ label, uuid, mountPoint }));
  const configFile = join(directory, 'controller.yaml');
  await writeFile(configFile, JSON.stringify({ ...config, backends: [{ ...backend, ssh, pools }] }));

  const driver = startDriver(SOURCES, configFile, `unix://${join(directory, 'csi.sock')}`);
  running.push(driver);
  await until(async () => driver.log().includes('but pinned is'));
  await writeFile(hostKeysFile, `# the box has another key now\n${box.hostKeyFingerprint}\n`);
  await until(async () => driver.log().includes('"box is fit"'), 30_000);
  assert.ok(!driver.log().includes(await readFile(privateKeyFile, 'utf8')), 'no key in the log');
});
