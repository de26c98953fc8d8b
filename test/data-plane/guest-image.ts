import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { GuestKernel } from './guest-kernel.ts';
import { run, which } from './tools.ts';

/** Programs of this machine that go into every guest, with the libraries that they need. */
const PROGRAMS = [
  'bash',
  'btrfs',
  'mkfs.btrfs',
  'mkfs.ext4',
  'e2fsck',
  'resize2fs',
  'dumpe2fs',
  'tune2fs',
  'filefrag',
  'mkfs.xfs',
  'xfs_growfs',
  'xfs_repair',
  'xfs_io',
  'xfs_db',
  'blkid',
  'wipefs',
  'lsblk',
  'losetup',
  'blockdev',
  'mount',
  'umount',
  'findmnt',
  'fsfreeze',
  'fstrim',
  'setpriv',
  'nsenter',
  'timeout',
  'stat',
  'df',
  'dd',
  'tee',
  'flock',
  'nvme',
  'kmod',
  'ip',
];

const MODULES = [
  'virtio_pci',
  'virtio_blk',
  'virtio_net',
  'loop',
  'configfs',
  'btrfs',
  'ext4',
  'xfs',
  'crc32c_generic',
  'nvme-core',
  'nvme-fabrics',
  'nvme-tcp',
  'nvmet',
  'nvmet-tcp',
];

const FOLDERS = ['bin', 'dev', 'etc/nvme', 'lib', 'mnt', 'proc', 'root', 'run', 'sbin', 'sys', 'tmp', 'usr', 'var/lib'];

/**
 * Makes the root of a guest, an initramfs of the programs and modules that it needs and Node.js. Kept in `cache` and made
 * again when anything that goes in has changed.
 *
 * @returns the cpio archive.
 */
export function buildImage(kernel: GuestKernel, node: string, init: string, cache: string): string {
  const programs = PROGRAMS.map(which);
  const key = createHash('sha256')
    .update(JSON.stringify([kernel.release, MODULES, programs.map((path) => run('stat', ['-Lc', '%n %s %Y', path]))]))
    .update(run('stat', ['-c', '%s %Y', node]))
    .update(readFileSync(init))
    .update(readFileSync(import.meta.filename))
    .digest('hex');
  const archive = join(cache, `guest-${key.slice(0, 16)}.cpio`);
  if (existsSync(archive)) return archive;
  const work = mkdtempSync(join(cache, 'guest-'));
  try {
    const root = join(work, 'root');
    layOut(root);
    addBusybox(root);
    for (const program of programs) addProgram(root, program, basename(program));
    addProgram(root, node, 'node');
    for (const name of ['modprobe', 'insmod', 'depmod', 'lsmod']) link(root, 'bin', 'kmod', name);
    copyFileSync('/etc/mke2fs.conf', join(root, 'etc/mke2fs.conf'));
    addModules(root, kernel);
    copyFileSync(init, join(root, 'init'));
    chmodSync(join(root, 'init'), 0o755);
    archiveOf(root, `${archive}.part`);
    renameSync(`${archive}.part`, archive);
    return archive;
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Packs a folder as an initramfs; the kernel takes several of them one after the other. */
export function archiveOf(folder: string, archive: string): void {
  run('sh', ['-c', 'find . | cpio --create --format=newc --quiet --reproducible > "$1"', 'sh', archive], {
    cwd: folder,
  });
}

function layOut(root: string): void {
  for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
  for (const folder of ['bin', 'sbin', 'lib']) symlinkSync(`../${folder}`, join(root, 'usr', folder));
  symlinkSync('lib', join(root, 'lib64'));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
}

function addBusybox(root: string): void {
  copyFileSync(which('busybox'), join(root, 'bin/busybox'));
  for (const applet of run('busybox', ['--list']).split('\n')) {
    if (applet !== '' && applet !== 'busybox') link(root, 'bin', 'busybox', applet);
  }
}

function link(root: string, folder: string, target: string, name: string): void {
  rmSync(join(root, folder, name), { force: true });
  symlinkSync(target, join(root, folder, name));
}

function addProgram(root: string, program: string, name: string): void {
  const real = realpathSync(program);
  rmSync(join(root, 'bin', name), { force: true });
  copyFileSync(real, join(root, 'bin', name));
  chmodSync(join(root, 'bin', name), 0o755);
  // A script has no libraries, and ldd says so by its exit status.
  const libraries = run('sh', ['-c', 'ldd "$1" 2>/dev/null || true', 'sh', real]);
  for (const [, path = ''] of libraries.matchAll(/(\/\S+) \(0x/g)) {
    const copy = join(root, 'lib', basename(path));
    if (!existsSync(copy)) copyFileSync(realpathSync(path), copy);
  }
}

function addModules(root: string, { root: kernelRoot, release }: GuestKernel): void {
  const folder = join('lib/modules', release);
  const files = new Set<string>();
  for (const module of MODULES) {
    const listed = run('modprobe', ['--dirname', kernelRoot, '--set-version', release, '--show-depends', module]);
    for (const [, file = ''] of listed.matchAll(/^insmod (\S+)/gm)) files.add(file);
  }
  for (const file of files) {
    const copy = join(root, folder, file.slice(file.indexOf(`${release}/`) + release.length + 1));
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(file, copy);
  }
  for (const name of ['modules.builtin', 'modules.order', 'modules.builtin.modinfo']) {
    const file = join(kernelRoot, folder, name);
    if (existsSync(file)) cpSync(file, join(root, folder, name));
  }
  run('depmod', ['-b', root, release]);
}
