import { put, ros } from '../../routeros/index.ts';
import type { PoolCheck, PoolContext } from '../check.ts';
import { differs, type Finding, fits, untested } from '../finding.ts';
import { addSubvolume } from '../objects.ts';
import { awaited } from '../script.ts';

export const SURVIVAL_CHECKS: readonly PoolCheck[] = [
  { id: 'survival', title: 'a script that loses its connection', unknown: 'U22', needs: 'write', run: survival },
];

/** A script prints a word, waits and makes a subvolume; the connection is cut while it waits. */
async function survival(context: PoolContext): Promise<Finding> {
  const { console, scratch, timing, label } = context;
  const name = scratch.subvolume();
  scratch.mayAppearWithin(2 * timing.survivalMs);
  const delay = `${timing.survivalMs}ms`;
  const script = ros`:put "begun"; :delay ${delay}; ${addSubvolume(context, name)}`;
  const { output, note } = await console.send(script, timing.survivalMs / 4);
  const begun = output.includes('begun');
  if (note === '') return untested('the script ended before its connection was cut', 'assumes that it may run on');
  // Whatever the device makes of dashes.
  const pattern = name.replaceAll('-', '.');
  const appeared = await awaited(2 * timing.survivalMs, async () => {
    const found = await console.run(
      ros`:foreach xR in=[/disk/btrfs/subvolume print detail as-value proplist=name where fs=${label} and name~${pattern}] do={${put(ros`$xR`)}}`,
    );
    return found.length > 0 ? true : undefined;
  });
  scratch.mayAppearWithin(0);
  const details = { begun, 'ran-on': appeared !== undefined };
  if (appeared !== undefined) {
    return fits(
      'it ran on to its end',
      'assumes that: it gives scripts a time after which they write nothing, and after a lost answer it removes nothing',
      details,
    );
  }
  return differs(
    begun ? 'it died with its connection' : 'it had no effect, and had not printed before the cut',
    'works: after a lost answer a repeat completes what is partial',
    details,
  );
}
