import { cpSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { answer, step } from './commands.ts';

const ROOT = join(import.meta.dirname, '../..');
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/**
 * Makes a stand-in for the official image of Node.js, where no image registry can be reached: the same Debian from its
 * archive, with the Node that `npm ci` brought, this machine's npm, and its certificates, so that npm gets through here too.
 *
 * @param buildah with the flags for its storage.
 * @param directory where the tree is made.
 * @param name of the image that the Dockerfile builds on.
 */
export function makeBase(buildah: readonly [string, ...string[]], directory: string, name: string): void {
  const release = /-(\w+)-slim$/.exec(name)?.[1];
  if (release === undefined) throw new Error(`${name} does not name a release of Debian`);
  const tree = join(directory, 'tree');
  step('debootstrap', ['--variant=minbase', release, tree]);
  const local = join(tree, 'usr/local');
  mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
  cpSync(join(ROOT, 'node_modules/node/bin/node'), join(local, 'bin/node'), { dereference: true });
  const npm = join(realpathSync(answer('which', ['npm'])), '../..');
  cpSync(npm, join(local, 'lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
  mkdirSync(join(tree, 'etc/ssl/certs'), { recursive: true });
  cpSync(CERTIFICATES, join(tree, CERTIFICATES), { dereference: true });
  const [program, ...flags] = buildah;
  const container = answer(program, [...flags, 'from', 'scratch']);
  step(program, [...flags, 'copy', '--quiet', container, tree, '/']);
  step(program, [...flags, 'config', '--env', `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`, container]);
  step(program, [...flags, 'commit', '--quiet', '--rm', container, name]);
}
