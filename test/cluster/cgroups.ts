/** The control groups that the kubelets of a cluster have their pods in: below one of its own, in version 1 and 2. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
/** What the kubelet wants to limit. */
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids'];

/** Makes the group `path`, such as `cluster/n1`, in every hierarchy: the kubelet does not make its own root. */
export function makeCgroup(path: string): void {
  for (const hierarchy of hierarchies()) {
    let group = hierarchy;
    for (const part of path.split('/')) {
      const parent = group;
      group = join(parent, part);
      mkdirSync(group, { recursive: true });
      if (isUnified(hierarchy)) enableControllers(parent);
      else copyCpuset(parent, group);
    }
  }
}

/** Removes a group and all below it. Those with processes stay, and are named by the error. */
export function removeCgroup(path: string): void {
  for (const hierarchy of hierarchies()) removeTree(join(hierarchy, path));
}

/** The one hierarchy of version 2, or each of version 1; beside those the one of version 2 that has no controllers. */
function hierarchies(): readonly string[] {
  if (isUnified(ROOT)) return [ROOT];
  const mounted = readdirSync(ROOT).map((name) => join(ROOT, name));
  return mounted.filter((directory) => existsSync(join(directory, 'cgroup.procs')));
}

function isUnified(hierarchy: string): boolean {
  return existsSync(join(hierarchy, 'cgroup.controllers'));
}

/** Version 2 gives to a group only what its parent hands down. */
function enableControllers(parent: string): void {
  const there = readFileSync(join(parent, 'cgroup.controllers'), 'utf8').trim().split(' ');
  for (const name of CONTROLLERS.filter((one) => there.includes(one))) {
    writeFileSync(join(parent, 'cgroup.subtree_control'), `+${name}`);
  }
}

/** In version 1 a new group has no processors and no memory, so that no process can be put into it. */
function copyCpuset(parent: string, group: string): void {
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    if (existsSync(join(parent, name))) writeFileSync(join(group, name), readFileSync(join(parent, name)));
  }
}

function removeTree(group: string): void {
  if (!existsSync(group)) return;
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(group, entry.name));
  }
  rmdirSync(group);
}
