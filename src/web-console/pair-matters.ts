import { printAge } from '../cli/print-age.ts';
import { remedyOf, sentenceOf } from '../failures/message.ts';
import type { SnapshotWithCopy } from '../replicas/overview.ts';
import { LATE_SECONDS } from '../storage/replication/pair.ts';
import type { PairSide, PairState } from './pair-reading.ts';
import { uncopied } from './pair-scene.ts';
import { type Matter, MOST_IDS } from './scene.ts';

/** What of a pair needs a look. What is merely not copied yet does not. */
export function mattersOfPair(pair: PairState, now: number, config: string): Matter[] {
  const { from, to, sending, isStill, snapshots, error } = pair;
  const name = `${nameOf(from)} to ${nameOf(to)}`;
  const commands = [`rose-csi replicas status ${config}`];
  const late = uncopied(pair).filter(({ createdAtSeconds }) => now / 1000 - Number(createdAtSeconds) > LATE_SECONDS);
  const taken = snapshots.filter(({ state }) => state === 'taken');
  const matter = (
    code: 'DRV-LAG' | 'DRV-TAKEN',
    urgency: Matter['urgency'],
    says: string,
    about: readonly SnapshotWithCopy[],
  ): Matter[] => {
    const ids = about.slice(0, MOST_IDS).map(({ id }) => id);
    return about.length === 0
      ? []
      : [{ urgency, code, says: `${name}: ${says}`, remedy: `${remedyOf(code)}.`, ids, commands }];
  };
  const oldest = printAge(now - Number(late[0]?.createdAtSeconds ?? 0) * 1000);
  return [
    ...matter(
      'DRV-TAKEN',
      'act',
      sentenceOf(
        'DRV-TAKEN',
        taken
          .map(({ name: of }) => of)
          .slice(0, 3)
          .join(', '),
      ),
      taken,
    ),
    ...matter('DRV-LAG', 'look', `${late.length} without a copy for hours, the oldest ${oldest} old`, late),
    ...(isStill
      ? [
          {
            urgency: 'look' as const,
            says: `${name}: what is being sent has not moved for two minutes, ${sending?.name ?? ''}`,
            remedy: `See whether ${from.backend} reaches ${to.backend}. The driver waits for a transfer that says it is at work: one that hangs has to be removed by hand, and is sent again (docs/guides/second-rds.md#when-a-copy-does-not-come).`,
            commands,
          },
        ]
      : []),
    ...(error === undefined
      ? []
      : [
          {
            urgency: 'look' as const,
            code: error.code,
            says: `${name}: what is being sent is not known: ${sentenceOf(error.code, error.detail)}`,
            remedy: `${remedyOf(error.code)}.`,
            commands,
          },
        ]),
  ];
}

function nameOf({ backend, pool }: PairSide): string {
  return `${backend}/${pool}`;
}
