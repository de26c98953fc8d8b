import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** What has to be on the machine, and the package of Debian that brings it. */
const NEEDED = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  socat: 'socat',
  ip: 'iproute2',
  busybox: 'busybox-static',
  'mkfs.btrfs': 'btrfs-progs',
  'mkfs.xfs': 'xfsprogs',
  openssl: 'openssl',
  'ssh-keyscan': 'openssh-client',
  buildah: 'buildah',
  debootstrap: 'debootstrap',
  losetup: 'mount',
  nsenter: 'util-linux',
  go: 'golang',
};

/** Why no cluster can be made on this machine; undefined when it can. */
export function obstacle(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.geteuid?.() !== 0) return 'only root can make namespaces, mounts and control groups';
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  const isThere = (program: string) => spawnSync('sh', ['-c', 'command -v "$0"', program], { env }).status === 0;
  const missing = Object.entries(NEEDED).filter(([program]) => !isThere(program));
  const packages = new Set(missing.map(([, name]) => name));
  if (!existsSync('/usr/lib/cni/bridge')) packages.add('containernetworking-plugins');
  return packages.size > 0 ? `these packages are missing: ${[...packages].join(' ')}` : undefined;
}
