import type { RdsCheck, RdsContext } from '../check.ts';
import { differs, type Finding, fits } from '../finding.ts';
import { byHand, remnants } from '../sweep.ts';

/** Younger remnants may belong to a doctor that is still at work. */
export const SETTLED_MS = 15 * 60_000;

export const LEFTOVER_CHECKS: readonly RdsCheck[] = [
  { id: 'leftovers', title: 'remains of an earlier doctor', needs: 'read', run: leftovers },
];

async function leftovers({ console }: RdsContext): Promise<Finding> {
  const found = await remnants(console);
  if (found.length === 0) return fits('none', 'never touches them: their names are not those of volumes', { count: 0 });
  const young = found.filter(({ begunMs }) => Date.now() - begunMs < SETTLED_MS).length;
  const advice = 'never touches them. Remove them with --write --remove-leftovers, or by hand as below';
  return {
    ...differs(
      `${found.length} objects, of which ${young} are younger than 15 minutes`,
      young > 0 ? `${advice}. The young may belong to a doctor that is at work now` : advice,
      { count: found.length, young },
    ),
    lines: ['To remove by hand what an earlier doctor left:', ...found.map((object) => `  ${byHand(object)}`)],
  };
}
