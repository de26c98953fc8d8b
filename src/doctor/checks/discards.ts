import { bytes, put, ros } from '../../routeros/index.ts';
import type { RdsCheck, RdsContext } from '../check.ts';
import { type Finding, fits, untested } from '../finding.ts';
import { tried } from '../script.ts';

export const DISCARD_CHECKS: readonly RdsCheck[] = [
  { id: 'discards', title: 'discards of nodes arrive', unknown: 'U29', needs: 'read', run: discards },
];

const DRIVER = 'passes them on if told to, by the mount option discard or node.trimInterval; nothing rests on it';

/**
 * By the counters of what is exported now: only a node can discard anything (docs/routeros.md, 4.1). `get` of all properties
 * takes whatever there is, where one that is named and not there would be an error.
 */
async function discards({ console }: RdsContext): Promise<Finding> {
  const asked = await tried(
    console,
    ros`:foreach xI in=[/disk find where nvme-tcp-export] do={
      ${put(ros`{"exported"=true;"discard-bytes"=([/disk get $xI]->"discard-bytes")}`)}}`,
  );
  if (!asked.ok) return untested(asked.words, DRIVER);
  const counters = asked.rows.flatMap((row) => bytes(row, 'discard-bytes') ?? []);
  const arrived = counters.filter((counter) => counter > 0n).length;
  const details = { exported: asked.rows.length, counted: counters.length, arrived };
  if (asked.rows.length === 0) return untested('nothing is exported, so no counter shows it', DRIVER, details);
  if (counters.length === 0) return untested('it shows no discard-bytes of what is exported', DRIVER, details);
  return arrived > 0
    ? fits('they arrived at images that are exported', DRIVER, details)
    : untested('none has arrived; delete files in a volume, trim it, and run this again', DRIVER, details);
}
