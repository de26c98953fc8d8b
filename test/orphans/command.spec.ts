import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { MiB, makeSnapshot, makeVolume, publish } from '../support/calls.ts';
import { change, subvolumes } from '../support/console.ts';
import { persistentVolume, snapshotContent } from '../support/kubernetes-api.ts';
import { fromSnapshot } from '../support/requests.ts';
import { orphans, startCommandFixture } from './command-fixture.ts';
import { emptySubvolume, slotOf } from './fixture.ts';

test('report shows what nothing refers to, and what refers to nothing', async (t) => {
  const { stack, api, run } = await startCommandFixture(t);
  const [kept, lost] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, 3n * MiB)];
  const snapshot = await makeSnapshot(stack.controller, kept);
  const partial = await emptySubvolume(stack);
  const gone = `rds1:pvc-${crypto.randomUUID()}`;
  for (const id of [kept, gone]) api.put('persistentvolumes', persistentVolume(id));
  const [text, json] = await Promise.all([run(['report']), run(['report', '--json'])]);
  assert.equal(text.code, 1, text.stderr);
  assert.match(text.stdout, /^4 objects on the backends, 3 of them without a reference in Kubernetes\.\n/);
  assert.match(text.stdout, new RegExp(`volume +${lost} +3 MiB\n +this cluster\n`));
  assert.match(text.stdout, new RegExp(`snapshot +${snapshot} +1 MiB +\\d+s\n +this cluster, from ${kept}\n`));
  assert.match(text.stdout, new RegExp(`partial +${partial} +\\?\n +this cluster, partial, without its disk item\n`));
  assert.match(text.stdout, new RegExp(`not on the backends[^]*${gone}\\s+PersistentVolume [^]*default/data`));
  assert.ok(!text.stdout.includes(`  ${kept} `));
  assert.equal(json.code, 1);
  const document = JSON.parse(json.stdout) as { orphans: { id: string }[]; unseen: { id: string }[] };
  assert.deepEqual(document.orphans.map(({ id }) => id).toSorted(), [lost, snapshot, partial].toSorted());
  assert.deepEqual(
    document.unseen.map(({ id }) => id),
    [gone],
  );
});

test('report without a cluster fails, unless it is told to look at the backends only', async (t) => {
  const { stack, api, run } = await startCommandFixture(t);
  const id = await makeVolume(stack.controller, MiB);
  api.trouble = () => 503;
  const config = ['--config', stack.configFile];
  const nowhere = { KUBECONFIG: '', HOME: stack.directory, KUBERNETES_SERVICE_HOST: '' };
  const [refused, none, deviceOnly] = await Promise.all([
    run(['report']),
    orphans(['report', ...config], '', nowhere),
    orphans(['report', '--device-only', ...config], '', nowhere),
  ]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /Kubernetes cannot be asked: listing .*: HTTP status 503.*\n.*--device-only goes on/);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /there is no kubeconfig: give --kubeconfig, or set KUBECONFIG/);
  assert.deepEqual([refused.stdout, none.stdout], ['', '']);
  assert.equal(deviceOnly.code, 0);
  assert.match(deviceOnly.stdout, /^NOT COMPARED with Kubernetes: 1 objects/);
  assert.ok(deviceOnly.stdout.includes(id));
});

test('after a lost cluster, the heir reports what it took over, and adopt brings it back without a format', async (t) => {
  const { stack, run } = await startCommandFixture(t);
  const volume = await makeVolume(stack.controller, 10n * MiB);
  const snapshot = await makeSnapshot(stack.controller, volume);
  const document = JSON.parse(await readFile(stack.configFile, 'utf8')) as object;
  const heir = { ...document, clusterId: 'heir', adoptedClusterIds: ['component-tests'] };
  await writeFile(stack.configFile, JSON.stringify(heir));
  const [report, adopted] = await Promise.all([
    run(['report']),
    run(['adopt', '--fs-type', 'xfs', '--storage-class', 'rds', '--namespace', 'apps', volume, snapshot]),
  ]);
  assert.match(report.stdout, /BEWARE: Kubernetes names no volume and no snapshot of rds\.rose-csi\.io/);
  assert.match(report.stdout, new RegExp(`volume +${volume} [^]*adopted cluster component-tests`));
  assert.equal(adopted.code, 0, adopted.stderr);
  const [persistent, content] = parseAllDocuments(adopted.stdout).map((one) => one.toJSON() as Record<string, unknown>);
  const uuid = volume.slice('rds1:pvc-'.length);
  assert.deepEqual(persistent, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `pvc-${uuid}`, annotations: { 'pv.kubernetes.io/provisioned-by': 'rds.rose-csi.io' } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '10Mi' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'apps', name: `pvc-${uuid}` },
      csi: {
        driver: 'rds.rose-csi.io',
        fsType: 'xfs',
        volumeHandle: volume,
        volumeAttributes: { formatVersion: '1', fsType: 'xfs' },
      },
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: 'rds',
      volumeMode: 'Filesystem',
    },
  });
  const snapshotUuid = snapshot.slice('rds1:snap-'.length);
  assert.deepEqual(content?.['spec'], {
    deletionPolicy: 'Retain',
    driver: 'rds.rose-csi.io',
    source: { snapshotHandle: snapshot },
    sourceVolumeMode: 'Filesystem',
    volumeSnapshotRef: { name: `snap-${snapshotUuid}`, namespace: 'apps' },
  });
  assert.match(adopted.stdout, /# kind: PersistentVolumeClaim\n/);
  assert.match(adopted.stdout, /# kind: VolumeSnapshot\n/);
});

test('a lost cluster whose id is lost too is adopted by the owner in the names on the RDS', async (t) => {
  const { stack, run } = await startCommandFixture(t);
  const volume = await makeVolume(stack.controller, MiB);
  const [, digits] = /^pvc-.{36}-([0-9a-f]{8})-/.exec(subvolumes(stack.simulator)[0] ?? '') ?? [];
  const document = JSON.parse(await readFile(stack.configFile, 'utf8')) as object;
  const heir = { ...document, clusterId: 'heir', adoptedClusterIds: [`owner:${digits}`] };
  await writeFile(stack.configFile, JSON.stringify(heir));
  const { stdout } = await run(['report']);
  assert.match(stdout, new RegExp(`volume +${volume} [^]*adopted\\s+cluster\\s+owner:${digits}`));
});

test('adopt refuses what Kubernetes has already, and what is not there', async (t) => {
  const { stack, api, run } = await startCommandFixture(t);
  const [kept, lost] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  api.put('persistentvolumes', persistentVolume(kept));
  const absent = `rds1:pvc-${crypto.randomUUID()}`;
  const [known, unknown, json] = await Promise.all([
    run(['adopt', kept]),
    run(['adopt', lost, absent]),
    run(['adopt', '--json', lost]),
  ]);
  assert.match(known.stderr, /is in Kubernetes already: PersistentVolume .* \(default\/data\)/);
  assert.match(unknown.stderr, /is not on the backends under the owners of this cluster/);
  assert.deepEqual([known.code, unknown.code, known.stdout, unknown.stdout], [2, 2, '', '']);
  const { kind, items } = JSON.parse(json.stdout) as { kind: string; items: { spec: { csi: object } }[] };
  assert.equal(kind, 'List');
  assert.deepEqual(items[0]?.spec.csi, {
    driver: 'rds.rose-csi.io',
    volumeHandle: lost,
    volumeAttributes: { formatVersion: '1' },
  });
});

test('delete shows what it is and asks; anything but a yes keeps it', async (t) => {
  const { stack, api, run } = await startCommandFixture(t);
  const kept = await makeVolume(stack.controller, MiB);
  const snapshot = await makeSnapshot(stack.controller, kept);
  const restored = await makeVolume(stack.controller, MiB, fromSnapshot(snapshot));
  for (const id of [kept, restored]) api.put('persistentvolumes', persistentVolume(id));
  const before = subvolumes(stack.simulator);
  for (const answer of ['n\n', '\n', '']) {
    const { code, stdout } = await run(['delete', snapshot], answer);
    assert.equal(code, 1);
    assert.match(
      stdout,
      new RegExp(`size 1 MiB \\(1048576 bytes\\)[^]*made from ${kept}\n[^]*made from it: ${restored}`),
    );
    assert.match(stdout, /: kept\n/);
  }
  assert.deepEqual(subvolumes(stack.simulator), before);
  const { code, stdout } = await run(['delete', snapshot], 'yes\n');
  assert.equal(code, 0, stdout);
  assert.equal(subvolumes(stack.simulator).length, before.length - 1);
});

test('an id that is not on the backends ended delete with another code than adopt; without its backend none was known', async (t) => {
  const { stack, run } = await startCommandFixture(t);
  const [kept, gone] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  const absent = `rds1:pvc-${crypto.randomUUID()}`;
  for (const args of [
    ['adopt', absent],
    ['delete', '--yes', absent],
  ]) {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 2);
    assert.match(stdout + stderr, /is not on the backends under the owners of this cluster/);
  }
  const short = (id: string) => id.replace('rds1:', '');
  assert.match((await run(['adopt', short(kept)])).stdout, new RegExp(`volumeHandle: ${kept}\n`));
  const { stdout } = await run(['delete', short(gone), '--device-only'], `${gone}\n`);
  assert.ok(stdout.includes(`${gone}: deleted`), stdout);
});

test('delete refuses what is referred to, attached, being taken or published, whatever is answered', async (t) => {
  const { stack, api, run } = await startCommandFixture(t);
  const make = () => makeVolume(stack.controller, MiB);
  const [kept, source, published] = [await make(), await make(), await make()];
  const snapshot = await makeSnapshot(stack.controller, kept);
  await publish(stack.controller, published);
  api.put('persistentvolumes', persistentVolume(kept));
  api.put('volumesnapshotcontents', snapshotContent('held', { snapshotHandle: snapshot }));
  api.put('volumesnapshotcontents', snapshotContent('source', { volumeHandle: source }));
  const before = subvolumes(stack.simulator);
  const { code, stdout } = await run(
    ['delete', '--yes', '--json', kept, snapshot, source, published],
    'yes\n'.repeat(9),
  );
  assert.equal(code, 1);
  const { objects } = JSON.parse(stdout) as { objects: { outcome: string; reason: string }[] };
  const reasons = [/PersistentVolume pvc-/, /VolumeSnapshotContent held/, /being taken/, /published or exported/];
  for (const [index, { outcome, reason }] of objects.entries()) {
    assert.equal(outcome, 'refused');
    assert.match(reason, reasons[index] ?? assert.fail());
  }
  assert.deepEqual(subvolumes(stack.simulator), before);
});

test('a volume whose export a restart of the RDS had lost was not in use for report and adopt, though its node is on its record', async (t) => {
  const { stack, run } = await startCommandFixture(t);
  const volume = await makeVolume(stack.controller, MiB);
  await publish(stack.controller, volume);
  await change(stack.simulator, `/disk set [find where slot=${slotOf(volume)}] nvme-tcp-export=no`);
  const [report, adopted, deleted] = [
    await run(['report', '--device-only']),
    await run(['adopt', '--device-only', volume]),
    await run(['delete', '--device-only', volume], `${volume}\n`),
  ];
  assert.match(report.stdout, /IN USE/);
  assert.match(adopted.stdout, /# The RDS records it as published to nqn\./);
  assert.match(deleted.stdout, /: refused: it is published or exported/);
});

test('delete without a cluster, or with one that names nothing of ours, insists on the typed id', async (t) => {
  const { stack, api, run } = await startCommandFixture(t);
  const [first, second] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  const before = subvolumes(stack.simulator);
  const emptyCluster = await run(['delete', '--yes', first], 'yes\n');
  api.trouble = () => 503;
  const unreachable = await run(['delete', '--yes', first], `${first}\n`);
  const wrongId = await run(['delete', '--yes', '--device-only', first], `${second}\n`);
  assert.deepEqual([emptyCluster.code, unreachable.code, wrongId.code], [1, 2, 1]);
  assert.deepEqual(subvolumes(stack.simulator), before);
  const { code, stdout } = await run(['delete', '--device-only', first], `${first}\n`);
  assert.equal(code, 0, stdout);
  assert.equal(subvolumes(stack.simulator).length, 1);
});

test('a mistake in the flags is status 2', async () => {
  assert.equal((await orphans(['report'])).code, 2);
  assert.equal((await orphans(['delete', '--config', '/nonexistent'])).code, 2);
  const { code, stderr } = await orphans(['report', '--config', '/nonexistent']);
  assert.equal(code, 2);
  assert.match(stderr, /^rose-csi orphans report: \/nonexistent cannot be read/);
});
