import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { btrfs } from './btrfs-command.ts';
import { hasCode } from './plain-files.ts';

/** `f_type` of a Btrfs filesystem (linux/magic.h). */
const BTRFS_MAGIC = 0x9123683e;
const SETTLE_MS = 60_000;
const SETTLE_POLL_MS = 20;

/**
 * Prepares the place of a pool on a Btrfs filesystem: a directory of its own in `path`, in it a note of the state
 * directory that it belongs to, and the subvolume that stands for the root of the pool. What else lies in `path` is
 * neither read nor touched.
 *
 * @param stateDirectory Absolute path of the simulator's own directory.
 * @returns the absolute path of that subvolume.
 * @throws Error that says what to do when there is no Btrfs, no root rights, or the directory is another simulator's.
 */
export async function claimDirectory(label: string, path: string, stateDirectory: string): Promise<string> {
  await refuseUnfit(label, path);
  const own = join(await realpath(path), `rose-csi-simulator-${label}`);
  const root = join(own, 'root');
  await mkdir(own, { recursive: true, mode: 0o700 });
  await claim(own, root, stateDirectory);
  await settle(own);
  if (!existsSync(root)) await btrfs('subvolume', 'create', root);
  return root;
}

async function refuseUnfit(label: string, path: string): Promise<void> {
  const type = await statfs(path).then(
    (found) => found.type,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    },
  );
  if (type !== BTRFS_MAGIC) {
    const problem = type === undefined ? `there is no ${path}` : `${path} is not on a Btrfs filesystem`;
    throw new Error(
      `pool ${label}: ${problem}; to make one for a trial: truncate -s 100G pool.img && mkfs.btrfs pool.img && ` +
        `mkdir -p ${path} && mount -o loop pool.img ${path}`,
    );
  }
  // Others may make subvolumes, but not remove those that are read-only.
  if (process.geteuid?.() !== 0) throw new Error('the btrfs backend needs root');
}

/** Two simulators in one directory would sweep away each other's volumes, so each writes down whose it is. */
async function claim(own: string, root: string, stateDirectory: string): Promise<void> {
  const id = await ownId(stateDirectory);
  const note = join(own, 'owner');
  const found = await readFile(note, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (found === undefined && !existsSync(root)) {
    return writeWhole(note, `${id}\n${stateDirectory}\n`);
  }
  const [owner, whose] = found?.split('\n') ?? [];
  if (owner !== id) {
    throw new Error(
      `${own} belongs to the simulator with the state directory ${whose ?? '(unknown)'}; start that one, or remove ` +
        `what it left: btrfs subvolume delete ${root}/* ${root} && rm -r ${own}`,
    );
  }
}

/** Tells one state directory from a later one of the same name. */
async function ownId(stateDirectory: string): Promise<string> {
  const file = join(stateDirectory, 'btrfs-owner');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    const id = randomUUID();
    writeWhole(file, `${id}\n`);
    return id;
  }
}

function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * Waits for the `btrfs` process that a killed simulator may have left at work: what it makes after the sweep would stay.
 */
async function settle(own: string): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  while (await isAtWork(own)) {
    if (performance.now() > deadline) throw new Error(`another btrfs process is at work in ${own}`);
    await delay(SETTLE_POLL_MS);
  }
}

async function isAtWork(own: string): Promise<boolean> {
  for (const pid of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(pid)) continue;
    const [program = '', ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (basename(program) === 'btrfs' && args.some((arg) => arg.startsWith(`${own}/`))) return true;
  }
  return false;
}
