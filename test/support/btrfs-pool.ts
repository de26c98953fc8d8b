import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { lack } from './capability.ts';

const TIMEOUT_MS = 30_000;
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** A Btrfs filesystem in a sparse file, mounted by a loop device. */
export interface BtrfsPool {
  /** Where it is mounted. */
  readonly directory: string;
  /** Unmounts it, which lets go of the loop device, and removes the file. */
  remove(): void;
}

/**
 * Makes a Btrfs filesystem of this many bytes. It goes with {@link BtrfsPool.remove}, and at the latest when the
 * process ends, also by a signal: a mount would outlive it.
 *
 * @param mkfs more flags of mkfs.btrfs.
 * @throws Error that says what the machine lacks.
 */
export function makeBtrfsPool(bytes: number, mkfs: readonly string[] = []): BtrfsPool {
  if (process.geteuid?.() !== 0) throw new Error('a loop-mounted Btrfs filesystem needs root');
  const base = mkdtempSync(join(tmpdir(), 'rose-csi-btrfs-'));
  const image = join(base, 'image');
  const directory = join(base, 'mounted');
  try {
    writeFileSync(image, '');
    truncateSync(image, bytes);
    mkdirSync(directory);
    run('mkfs.btrfs', '--quiet', '--nodiscard', ...mkfs, image);
    run('mount', '-t', 'btrfs', '-o', 'loop', image, directory);
  } catch (error) {
    rmSync(base, { recursive: true });
    throw error;
  }
  const remove = (): void => {
    process.off('exit', remove);
    for (const signal of signals) process.off(signal, endBySignal);
    try {
      run('umount', directory);
    } catch (error) {
      // Whatever still uses it is a mistake to report; it loses the mount all the same.
      run('umount', '--lazy', directory);
      throw error;
    } finally {
      rmSync(base, { recursive: true });
    }
  };
  const signals = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];
  process.once('exit', remove);
  for (const signal of signals) process.once(signal, endBySignal);
  return { directory, remove };
}

/**
 * Makes a filesystem that goes with the test. Without root, btrfs-progs or loop devices the test is skipped with a
 * reason that stands out, or fails in CI.
 *
 * @returns where it is mounted, undefined when the test is skipped.
 */
export function btrfsPool(t: TestContext, bytes: number, mkfs?: readonly string[]): string | undefined {
  try {
    const pool = makeBtrfsPool(bytes, mkfs);
    t.after(() => pool.remove());
    return pool.directory;
  } catch (error) {
    lack(t, `no Btrfs filesystem to test on: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function endBySignal(signal: keyof typeof SIGNALS): void {
  // Who else listens ends the process in order.
  if (process.listenerCount(signal) === 0) process.exit(SIGNALS[signal]);
}

function run(program: string, ...args: readonly string[]): void {
  const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: TIMEOUT_MS });
  if (error !== undefined) throw new Error(`${program}: ${error.message}`, { cause: error });
  if (status !== 0) throw new Error(`${program}: ${stderr.trim()}`);
}
