/** `rose-csi console` as it is shipped, as a process, on a simulated RDS. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loseDiskItem } from '../orphans/fixture.ts';
import { MiB, makeSnapshot, makeVolume, publish } from '../support/calls.ts';
import { change } from '../support/console.ts';
import { KubernetesApi, persistentVolume } from '../support/kubernetes-api.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { sceneOf, start } from './shipped.ts';

test('it serves the page on loopback, and what the RDS holds with the names of Kubernetes', async (t) => {
  const stack = await startStack(t);
  const { controller } = stack;
  const source = await makeVolume(controller, MiB);
  const taken = await makeSnapshot(controller, source);
  await publish(controller, source);
  const api = await KubernetesApi.start(t);
  api.put('persistentvolumes', persistentVolume(source));
  const kubeconfig = join(stack.directory, 'kubeconfig');
  await writeFile(kubeconfig, api.kubeconfig());
  const console = await start(t, stack.configFile, '--kubeconfig', kubeconfig);
  assert.match(console.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  assert.match(await (await fetch(console.url)).text(), /<script type="module" src="page\.js">/);
  const { rows, backends, matters } = await sceneOf(console);
  assert.deepEqual(
    rows.map(({ id, level, name, orphan }) => [id, level, name, orphan]),
    [
      [source, 0, 'data', undefined],
      [taken, 1, undefined, true],
    ],
  );
  assert.equal(rows[0]?.nodes?.length, 1);
  const [backend] = backends;
  assert.deepEqual([backend?.name, backend?.answers, backend?.conditions], ['rds1', true, []]);
  const [pool] = backend?.pools ?? [];
  assert.deepEqual([pool?.volumes, pool?.snapshots, pool?.promised], [1, 1, Number(MiB)]);
  assert.equal(matters.length, 1);
});

test('one reading serves all who look, and while no one does the RDS is left alone', async (t) => {
  const stack = await startStack(t);
  await makeVolume(stack.controller, MiB);
  const console = await start(t, stack.configFile, '--device-only');
  const before = await stack.api.execs();
  const scenes = await Promise.all(Array.from({ length: 10 }, () => sceneOf(console)));
  assert.equal(new Set(scenes.map((scene) => JSON.stringify(scene))).size, 1);
  const execs = (await stack.api.execs()) - before;
  // As docs/console.md says: four for the RDS, and two for its pool.
  assert.equal(execs, 6);
  await sceneOf(console);
  assert.equal((await stack.api.execs()) - before, execs);
});

test('a kubeconfig that may not list everything leaves the rest to be seen, and makes no orphans', async (t) => {
  const stack = await startStack(t);
  const source = await makeVolume(stack.controller, MiB);
  const api = await KubernetesApi.start(t);
  api.put('persistentvolumes', persistentVolume(source));
  const kubeconfig = join(stack.directory, 'kubeconfig');
  await writeFile(kubeconfig, api.kubeconfig());
  const without = async (plural: string) => {
    api.trouble = ({ path }) => (path.endsWith(`/${plural}`) ? 403 : undefined);
    const { cluster, rows } = await sceneOf(await start(t, stack.configFile, '--kubeconfig', kubeconfig));
    assert.deepEqual(
      rows.map(({ id, orphan }) => [id, orphan]),
      [[source, undefined]],
    );
    return { cluster, name: rows[0]?.name };
  };
  const nodes = await without('nodes');
  assert.equal(nodes.name, 'data');
  assert.match(nodes.cluster.is === 'asked' ? nodes.cluster.unseen.join() : '', /^Nodes: .*403/);
  const contents = await without('volumesnapshotcontents');
  assert.equal(contents.name, undefined);
  assert.match(
    contents.cluster.is === 'unseen' ? contents.cluster.because : '',
    /VolumeSnapshotContents: HTTP status 403/,
  );
});

test('an RDS that cannot be reached is said to be so, and the console goes on and ends with 0', async (t) => {
  const stack = await startStack(t);
  const away = join(stack.directory, 'away.json');
  const document = JSON.parse(await readFile(stack.configFile, 'utf8'));
  document.backends[0].ssh.port = 1;
  await writeFile(away, JSON.stringify(document));
  const console = await start(t, away, '--device-only', '--show-config', 'my file.yaml');
  const { backends, matters, rows } = await sceneOf(console);
  assert.deepEqual([backends[0]?.answers, backends[0]?.conditions[0]?.code, rows], [false, 'RDS-UNREACHABLE', []]);
  assert.match(matters[0]?.remedy ?? '', /Check power, network/);
  assert.deepEqual(matters[0]?.commands, ["rose-csi doctor --config 'my file.yaml'"]);
  await console.stop();
  assert.equal(console.exitCode(), 0);
});

test('nothing that it sends holds a part of a key', async (t) => {
  const stack = await startStack(t);
  const id = await makeVolume(stack.controller, MiB);
  await loseDiskItem(stack, id);
  const { backends } = JSON.parse(await readFile(stack.configFile, 'utf8')) as {
    backends: { ssh: { privateKeyFile: string; hostKeys: string[] } }[];
  };
  const { privateKeyFile = '', hostKeys = [] } = backends[0]?.ssh ?? {};
  const text = JSON.stringify(await sceneOf(await start(t, stack.configFile, '--device-only')));
  assert.match(text, /"lacks":"disk item"/);
  const key = (await readFile(privateKeyFile, 'utf8')).split('\n').filter((line) => /^[A-Za-z0-9+/=]{20,}$/.test(line));
  assert.ok(key.length > 0);
  for (const secret of [...key, ...hostKeys, privateKeyFile]) assert.ok(!text.includes(secret), secret);
});

/** A configuration whose account on the RDS has these policies, and a key of its own. */
async function accountWith(stack: Stack, policies: string): Promise<string> {
  const document = JSON.parse(await readFile(stack.configFile, 'utf8'));
  const { privateKeyFile } = document.backends[0].ssh;
  const publicKey = stack.simulatorOptions.authorizedKeys;
  await change(
    stack.simulator,
    `/user/group/add name=looks policy=${policies}; /user/add name=looks group=looks password=x; /user/ssh-keys/add user=looks key="${publicKey}"`,
  );
  document.backends[0].ssh = { ...document.backends[0].ssh, user: 'looks', privateKeyFile };
  const file = join(stack.directory, 'looks.json');
  await writeFile(file, JSON.stringify(document));
  return file;
}

test('an account that may only read is enough for it', async (t) => {
  const stack = await startStack(t);
  const source = await makeVolume(stack.controller, MiB);
  const taken = await makeSnapshot(stack.controller, source);
  const console = await start(t, await accountWith(stack, 'ssh,read,test'), '--device-only');
  const { backends, rows } = await sceneOf(console);
  assert.deepEqual(backends[0]?.conditions, []);
  assert.deepEqual(
    rows.map(({ id }) => id),
    [source, taken],
  );
});
