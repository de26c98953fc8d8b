/**
 * Builds both images of the Dockerfile with buildah, on a base made with debootstrap, and runs them: no Docker engine and
 * no image registry needed, but root, and about a minute. What is not tested so: other platforms than this machine's, and
 * the official base image itself. Where the machine lacks what it needs it says so and runs nothing; in CI (CI=true) that
 * is a failure.
 */
import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeBase } from './image/base.ts';
import { answer, step } from './image/commands.ts';

const ROOT = join(import.meta.dirname, '..');
/** What `rose-csi node` runs on a node, the init container, and `--host-tools`. */
const NODE_TOOLS = [
  'sh',
  'tee',
  'getent',
  'mount',
  'umount',
  'blkid',
  'wipefs',
  'blockdev',
  'flock',
  'setpriv',
  'dd',
  'stat',
  'fstrim',
  'mkfs.ext4',
  'e2fsck',
  'resize2fs',
  'mkfs.xfs',
  'xfs_growfs',
  'modprobe',
  'nsenter',
  'chroot',
];
/** Starts the node plugin, waits for its socket, and ends it. */
const SERVES = `"$@" node --endpoint unix:///tmp/csi.sock --node-name n --cluster-id c --state-dir /tmp/state & pid=$!
  while kill -0 $pid && ! test -S /tmp/csi.sock; do sleep 0.1; done; test -S /tmp/csi.sock && kill $pid && wait $pid`;

const lacking = obstacle();
if (lacking !== undefined) {
  process.stderr.write(`NOT RUN, the images: ${lacking}\n`);
  process.exit(process.env['CI'] === 'true' ? 1 : 0);
}

const directory = await mkdtemp('/var/tmp/rose-csi-image-');
const buildah = [
  'buildah',
  '--storage-driver',
  'overlay',
  '--root',
  join(directory, 'root'),
  '--runroot',
  join(directory, 'run'),
] as const;
const [program, ...flags] = buildah;
try {
  const base = /^ARG NODE_IMAGE=(\S+)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '';
  makeBase(buildah, directory, base);
  for (const target of ['controller', 'node']) build(target);
  testController();
  testNode();
  console.log('both images were built and run');
} finally {
  step(program, [...flags, 'rm', '--all']);
  await rm(directory, { recursive: true, force: true });
}

function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can make the root tree of an image';
  const missing = ['buildah', 'debootstrap'].filter((name) => spawnSync(name, ['--version']).status !== 0);
  return missing.length > 0 ? `${missing.join(' and ')} not on this machine` : undefined;
}

function build(target: string): void {
  const how = ['--isolation', 'chroot', '--pull-never', '--layers', '--build-arg', 'VERSION=test'];
  step(program, [...flags, 'bud', ...how, '--target', target, '--tag', target, ROOT]);
}

function testController(): void {
  const container = start('controller');
  // First, since buildah makes files in what it runs.
  testFiles(answer(program, [...flags, 'mount', container]));
  const [node = '', ...rest] = entrypoint(container);
  const main = rest.at(-1) ?? '';
  expect(answerIn(container, [node, ...rest, '--version']), /^\d+\.\d+\.\d+$/);
  expect(answerIn(container, ['rose-csi', '--version']), /^\d+\.\d+\.\d+$/);
  for (const command of ['controller', 'simulate', 'doctor', 'orphans']) {
    expect(answerIn(container, [node, ...rest, command, '--help']), new RegExp(`^Usage: rose-csi ${command}`));
  }
  const evaluated = (code: string) => answerIn(container, [node, '--print', code]);
  expect(evaluated('process.getuid()'), /^65532$/);
  expect(evaluated('os.userInfo().username'), /^nonroot$/);
  expect(evaluated(`process.env.TZ = 'Europe/Vienna', new Date(0).getHours()`), /^1$/);
  expect(
    answerIn(container, [node, '--eval', `dns.lookup('localhost', (_, found) => console.log(found))`]),
    /^(127|::1)/,
  );
  step(program, [...runIn(container), 'node', '/src/scripts/image/inside.ts', main]);
}

/** Nothing in the image of the controller can be started but Node.js and the program. */
function testFiles(root: string): void {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  const programs = files.filter((file) => {
    const found = lstatSync(join(root, file));
    return !found.isDirectory() && (found.mode & 0o111) !== 0 && !/\/(ld-|lib)[^/]*\.so[^/]*$/.test(file);
  });
  expect(programs.join(' '), /^opt\/rose-csi\/dist\/main.js usr\/local\/bin\/node usr\/local\/bin\/rose-csi$/);
  const ours = readdirSync(join(root, 'opt/rose-csi'), { recursive: true, encoding: 'utf8' });
  expect(
    ours
      .filter((file) => !file.startsWith('dist/'))
      .sort()
      .join(' '),
    /^LICENSE dist package.json$/,
  );
  expect(ours.filter((file) => file.endsWith('.node')).join(' '), /^$/);
  expect(readFileSync(join(root, 'opt/rose-csi/dist/sbom.spdx.json'), 'utf8'), /"spdxVersion"/);
  const known = readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8');
  for (const name of ['libc6', 'libgcc-s1', 'libstdc\\+\\+6']) expect(known, new RegExp(`^Package: ${name}$`, 'm'));
}

function testNode(): void {
  const container = start('node');
  const [node = '', ...rest] = entrypoint(container);
  expect(answerIn(container, [node, ...rest, '--version']), /^\d+\.\d+\.\d+$/);
  expect(answerIn(container, ['rose-csi', '--version']), /^\d+\.\d+\.\d+$/);
  expect(answerIn(container, ['id', '-u']), /^0$/);
  for (const tool of NODE_TOOLS) expect(answerIn(container, ['sh', '-c', `command -v ${tool}`]), /^\//);
  expect(answerIn(container, ['cat', '/etc/selinux/config']), /policy/);
  answer(program, [...runIn(container), 'sh', '-c', SERVES, 'sh', node, ...rest]);
}

function start(image: string): string {
  return answer(program, [...flags, 'from', '--pull-never', image]);
}

function entrypoint(container: string): readonly string[] {
  const format = '{{range .OCIv1.Config.Entrypoint}}{{println .}}{{end}}';
  return answer(program, [...flags, 'inspect', '--format', format, container]).split('\n');
}

function runIn(container: string): readonly string[] {
  return [...flags, 'run', '--isolation', 'chroot', '--volume', `${ROOT}:/src:ro`, container, '--'];
}

/** No command here answers nothing, and on a busy machine buildah now and then loses what a short one prints: once more, then. */
function answerIn(container: string, command: readonly string[]): string {
  const ask = (): string => answer(program, [...runIn(container), ...command]);
  return ask() || ask() || ask();
}

function expect(text: string, pattern: RegExp): void {
  if (!pattern.test(text)) throw new Error(`expected ${pattern}, got ${JSON.stringify(text.slice(0, 1000))}`);
}
