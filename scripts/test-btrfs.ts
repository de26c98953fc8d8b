import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { makeBtrfsPool } from '../test/support/btrfs-pool.ts';

/**
 * Runs the transfers of the simulator, and the component tests and the demo again, on real Btrfs subvolumes and snapshots. Where the machine cannot have
 * a loop-mounted Btrfs it says so and runs nothing; in CI (CI=true) that is a failure.
 */
const SPECS = [
  'src/simulator/{transfer,quirks/transfer-quirks}.spec.ts',
  'test/component/*.spec.ts',
  'test/demo/*.spec.ts',
  'test/faults/permutations.spec.ts',
  'test/orphans/{partial-volume,neighbours}.spec.ts',
];

function lacking(): string | undefined {
  try {
    makeBtrfsPool(2 ** 30).remove();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function runSpecs(): number {
  // Two at a time, also on two processors: each waits for the disk more than it works.
  const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=2', '--test-reporter=spec', ...SPECS], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, ROSE_TEST_BACKEND: 'btrfs' },
    stdio: 'inherit',
  });
  return status ?? 1;
}

const reason = lacking();
if (reason === undefined) {
  process.exitCode = runSpecs();
} else {
  process.stderr.write(`NOT RUN on Btrfs: ${reason}\n`);
  process.exitCode = process.env['CI'] === 'true' ? 1 : 0;
}
