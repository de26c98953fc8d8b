import { put, RouterOsError, ros, text } from '../../../src/routeros/index.ts';
import { consoleOf } from '../access.ts';
import { removeScratch } from '../scratch-item.ts';
import type { Suite } from './suite.ts';

/** Name of the suite. */
export const LABELS = 'two filesystems with one label';

/**
 * U18: a second filesystem with the label of the pool. It makes the pool unusable for the driver, so it is the last thing that is
 * done to a machine that ends then.
 *
 * @param formatSpare formats a spare disk so.
 */
export function labelsSuite(formatSpare: () => Promise<string>): Suite {
  return {
    name: LABELS,
    tells: ['labels'],
    async run({ access, clusterId }) {
      const printed = await formatSpare();
      const console = consoleOf(access);
      const name = `${clusterId}-label`;
      const { label } = access.pool;
      try {
        const rows = await console.run(
          ros`:foreach xR in=[/disk/btrfs/filesystem print detail as-value proplist=uuid where label=${label}] do={${put(ros`$xR`)}}`,
        );
        const uuids = rows.map((row) => text(row, 'uuid'));
        const added = await console.run(ros`/disk/btrfs/subvolume add fs=${label} name=${name}`).then(
          () => 'adds a subvolume to one of them',
          (error: unknown) =>
            `refuses to add a subvolume: ${error instanceof RouterOsError ? error.detail : String(error)}`,
        );
        const device = `the label is ${uuids.length === 2 ? 'taken twice' : `there ${uuids.length} times`}, and fs= with it ${added}`;
        return {
          state: 'passed',
          said: device,
          transcript: `${printed}\n${uuids.join('\n')}\n${added}\n`,
          observations: [{ unknown: 'U18', source: 'labels', verdict: 'fits', device }],
        };
      } finally {
        await removeScratch(console, name).finally(() => console.close());
      }
    },
  };
}
