import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { answer } from './commands.ts';

/** What this machine still has of a cluster, in words; nothing after it went down. */
export async function leftovers(directory: string): Promise<readonly string[]> {
  const [mounts, loops] = await Promise.all([
    answer('findmnt', ['--raw', '--noheadings', '--output=TARGET,SOURCE']),
    answer('losetup', ['--list', '--noheadings', '--raw', '--output=NAME,BACK-FILE']),
  ]);
  const naming = (kind: string, lines: readonly string[]) =>
    lines.filter((line) => line.includes(directory)).map((line) => `${kind} ${line}`);
  return [
    ...naming('mount', mounts.split('\n')),
    ...naming('loop device', loops.split('\n')),
    ...naming('process', processes()),
    ...globSync(`/sys/fs/cgroup/{,*/}${basename(directory)}`).map((path) => `control group ${path}`),
    ...(existsSync(directory) ? [`folder ${directory}`] : []),
  ];
}

function processes(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .map((pid) => `${pid} ${commandLine(pid)}`);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
