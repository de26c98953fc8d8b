import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { BUNDLE } from '../../scripts/build.ts';
import { run } from '../../scripts/chart/helm.ts';
import { NODE_COMMAND_FLAGS, NODE_FLAGS } from '../../scripts/node-flags.ts';
import { containerOf, pod, rendering } from './manifests.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const dockerfile = read('Dockerfile');

/** The instructions of one stage. */
function stage(name: string): string {
  const stages = dockerfile.split(/^FROM /m);
  return stages.find((text) => new RegExp(`^.* AS ${name}$`, 'm').test(text)) ?? assert.fail(`no stage ${name}`);
}

test('the images start the bundle with the flags that it is meant to be started with', () => {
  for (const [name, flags] of [
    ['controller', NODE_FLAGS],
    ['node', NODE_COMMAND_FLAGS],
  ] as const) {
    const entrypoint: unknown = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(stage(name))?.[1] ?? '');
    assert.deepEqual(entrypoint, ['node', ...flags, `/opt/rose-csi/${BUNDLE.slice(ROOT.length + 1)}`]);
    assert.doesNotMatch(stage(name), /^CMD/m);
  }
});

test('the image has the Node.js that the tests run on', () => {
  const version = /^ARG NODE_IMAGE=\S+:(\d+\.\d+\.\d+)-\w+-slim$/m.exec(dockerfile)?.[1];
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { version?: string }> };
  assert.equal(version, lock.packages['node_modules/node']?.version);
  assert.ok(manifest.engines.node.endsWith(version?.split('.')[0] ?? 'none'));
});

test('the controller is no root and its image begins with nothing, the node has the tools', () => {
  assert.match(stage('controller'), /^scratch AS controller\n/);
  assert.match(stage('controller'), /^USER 65532:65532$/m);
  assert.doesNotMatch(stage('controller'), /^RUN/m);
  assert.equal(pod(rendering('minimum'), 'Deployment').securityContext.runAsUser, 65532);
  assert.match(stage('node'), /^USER 0:0$/m);
  for (const tool of ['e2fsprogs', 'kmod', 'mount', 'util-linux', 'xfsprogs']) {
    assert.ok(stage('node').includes(` ${tool} `), tool);
  }
});

test('both images hold the same program, and say the same of themselves', () => {
  for (const instruction of ['LABEL', 'COPY --from=build /build/(?!selinux)']) {
    const lines = (name: string) => stage(name).match(new RegExp(`^${instruction}(.*\\\\\\n)*.*$`, 'gm'));
    assert.ok(lines('node')?.length);
    assert.deepEqual(lines('controller'), lines('node'));
  }
});

test('nothing but sources and lock file goes into the build', () => {
  const lines = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(lines[0], '*');
  for (const line of lines.filter((candidate) => candidate.startsWith('!'))) {
    assert.ok(existsSync(join(ROOT, line.slice(1))), line);
  }
});

test('chart and workflows use the images that the Dockerfile makes', () => {
  const objects = rendering('minimum');
  for (const [kind, target] of [
    ['Deployment', 'controller'],
    ['DaemonSet', 'node'],
  ] as const) {
    assert.match(containerOf(pod(objects, kind), 'rose-csi').image, new RegExp(`/rose-csi-${target}:`));
    assert.ok(stage(target));
  }
  const release = read('.github/workflows/release.yml');
  assert.match(release, /target: \[controller, node\]/);
});

test('what is released is built on one base image and names its images by digest', () => {
  const release = read('.github/workflows/release.yml');
  assert.match(release, /NODE_IMAGE=\$\{\{ needs\.check\.outputs\.node-image \}\}/);
  const [before = '', after = ''] = release.split('node scripts/pin-images.ts ');
  assert.match(before, /needs: images/, 'the images are there by then');
  assert.match(after, /helm package.*cp deploy\/rose-csi\.yaml/s);
});

test('the bill of materials names every dependency at run time, and none of development alone', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-sbom-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'sbom.json');
  const { code, complaints } = await run(process.execPath, [join(ROOT, 'scripts/sbom.ts'), file]);
  assert.equal(code, 0, complaints);
  const { packages } = JSON.parse(await readFile(file, 'utf8')) as { packages: { name: string }[] };
  const names = packages.map(({ name }) => name);
  for (const name of Object.keys(manifest.dependencies)) assert.ok(names.includes(name), name);
  for (const name of ['esbuild', 'typescript', 'node', 'cpu-features']) assert.ok(!names.includes(name), name);
});

test('workflows have the least permissions, and their actions are fixed commits, each the same everywhere', () => {
  const workflow = z.looseObject({
    permissions: z.record(z.string(), z.string()),
    // One that is another workflow has the limits of that.
    jobs: z.record(
      z.string(),
      z.looseObject({ 'timeout-minutes': z.number() }).or(z.looseObject({ uses: z.string() })),
    ),
  });
  const files = globSync('.github/workflows/*.yml', { cwd: ROOT });
  assert.equal(files.length, 4);
  const pins = new Map<string, string>();
  for (const file of files) {
    const { permissions, jobs } = workflow.parse(parse(read(file)));
    assert.deepEqual(permissions, { contents: 'read' }, file);
    assert.ok(Object.keys(jobs).length > 0);
    for (const [, use = ''] of read(file).matchAll(/uses: (.+)$/gm)) {
      if (files.includes(use.replace('./', ''))) continue;
      const [, action = '', commit = ''] = /^([a-z/-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$/.exec(use) ?? assert.fail(use);
      assert.equal(pins.get(action) ?? commit, commit, action);
      pins.set(action, commit);
    }
  }
  assert.ok(pins.size >= 8);
});
