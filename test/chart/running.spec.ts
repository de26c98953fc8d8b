import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { run } from '../../scripts/chart/helm.ts';
import { SOURCES } from '../support/installation.ts';
import { type Running, type RunningRds, startDriver, startRds } from '../support/programs.ts';
import { SimulatorApi } from '../support/simulator-api.ts';
import { until } from '../support/until.ts';
import { containerOf, controllerFile, pod, rendering } from './manifests.ts';

/** What of the rendered configuration has to be that of an RDS of the test. */
const rendered = z.looseObject({
  backends: z.tuple([
    z.looseObject({
      ssh: z.looseObject({ privateKeyFile: z.string(), hostKeysFile: z.string() }),
      pools: z.tuple([z.looseObject({ label: z.string() })]),
    }),
  ]),
});

/** An RDS, and what the chart mounts for it, as the pod has it but below another root. */
interface Mounted {
  readonly directory: string;
  readonly rds: RunningRds;
  readonly configFile: string;
  readonly privateKeyFile: string;
  readonly hostKeysFile: string;
  /** What has to be ended with the test. */
  readonly running: Running[];
}

/** Starts an RDS, and puts configuration and key in place for it. The host keys are missing. */
async function mounted(t: TestContext): Promise<Mounted> {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-chart-'));
  const running: Running[] = [];
  t.after(async () => {
    await Promise.all(running.map((program) => program.stop()));
    await rm(directory, { recursive: true });
  });
  const config = rendered.parse(parse(controllerFile(rendering('minimum'))));
  const [backend] = config.backends;
  const rds = await startRds(SOURCES, directory, ['--pool', `label=${backend.pools[0].label},size=1G`]);
  running.push(rds);
  const privateKeyFile = join(directory, backend.ssh.privateKeyFile);
  const hostKeysFile = join(directory, backend.ssh.hostKeysFile);
  await mkdir(dirname(privateKeyFile), { recursive: true });
  await cp(rds.keyFile, privateKeyFile);
  const ssh = { ...backend.ssh, host: rds.address, port: rds.port, user: rds.user, privateKeyFile, hostKeysFile };
  const pools = rds.pools.map(({ label, uuid, mountPoint }) => ({ label, uuid, mountPoint }));
  const configFile = join(directory, 'controller.yaml');
  await writeFile(configFile, JSON.stringify({ ...config, backends: [{ ...backend, ssh, pools }] }));
  return { directory, rds, configFile, privateKeyFile, hostKeysFile, running };
}

test('the driver runs with the configuration of the chart, and takes host keys that are exchanged meanwhile', async (t) => {
  const { directory, rds, configFile, privateKeyFile, hostKeysFile, running } = await mounted(t);
  await writeFile(hostKeysFile, `SHA256:${'A'.repeat(43)}\n`);
  const driver = startDriver(SOURCES, configFile, `unix://${join(directory, 'csi.sock')}`);
  running.push(driver);
  await until(async () => driver.log().includes('but pinned is'));
  await writeFile(hostKeysFile, `# the RDS has another key now\n${rds.hostKeyFingerprint}\n`);
  await until(async () => driver.log().includes('"RDS is fit"'), 30_000);
  assert.ok(!driver.log().includes(await readFile(privateKeyFile, 'utf8')), 'no key in the log');
});

test('helm test passes when the backends are as configured, fails when one is not, and leaves nothing on them', async (t) => {
  const { rds, configFile, hostKeysFile } = await mounted(t);
  const [command = '', config = '', ...more] = containerOf(pod(rendering('minimum'), 'Pod'), 'doctor').args;
  assert.deepEqual([command, config, more], ['doctor', '--config=/etc/rose-csi/config/controller.yaml', []]);
  const look = () => run(process.execPath, [SOURCES, command, `--config=${configFile}`]);
  const api = new SimulatorApi(rds.apiSocket);
  t.after(() => api.close());

  await writeFile(hostKeysFile, `${rds.hostKeyFingerprint}\n`);
  const before = await api.pools();
  const fit = await look();
  assert.equal(fit.code, 0, fit.output + fit.complaints);
  assert.match(fit.output, /✓ {2}configured pools/);
  assert.deepEqual(await api.pools(), before);

  await writeFile(hostKeysFile, `SHA256:${'A'.repeat(43)}\n`);
  const other = await look();
  assert.notEqual(other.code, 0);
  assert.match(other.output, /✗ {2}host key is pinned/);
});
