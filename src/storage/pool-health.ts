import { type ConditionCode, codesOf, type Look } from '../failures/conditions.ts';
import type { ErrorCounters, PoolHealthFacts } from '../rds/index.ts';

/** Every condition that a pool can have. */
export const POOL_CONDITIONS: readonly ConditionCode[] = codesOf({ about: 'pool' });

/** What is wrong with one thing, in words; none when it is well, undefined when that is unknown. */
type Verdict = readonly string[] | undefined;

/**
 * Judges what an RDS shows of a pool. What it does not show, or in a form that is not known, says nothing; and one disk of which
 * nothing is known keeps the others from being called well for all.
 */
export function examinePool({ isDeviceMissing, errors, disks }: PoolHealthFacts): Look {
  const found: readonly (readonly [ConditionCode, readonly Verdict[]])[] = [
    ['PoolDeviceMissing', [isDeviceMissing === undefined ? undefined : isDeviceMissing ? [''] : []]],
    ['PoolDeviceErrors', [errorsIn(errors)]],
    ['PoolDiskWarning', disks.map(({ slot, criticalWarning }) => ofDisk(slot, warningsIn(criticalWarning)))],
    ['PoolDiskErrors', disks.map((disk) => ofDisk(disk.slot, errorsIn(disk.errors)))],
  ];
  const judged = found.map(([code, verdicts]) => {
    const details = verdicts.flatMap((verdict) => verdict ?? []);
    const isKnown = details.length > 0 || (verdicts.length > 0 && !verdicts.includes(undefined));
    return { code, details, isKnown };
  });
  return {
    examined: judged.flatMap(({ code, isKnown }) => (isKnown ? [code] : [])),
    conditions: judged.flatMap(({ code, details }) =>
      details.length > 0 ? [{ code, detail: details.join(', ') }] : [],
    ),
  };
}

function ofDisk(slot: string, verdict: Verdict): Verdict {
  return verdict?.map((words) => `${slot}: ${words}`);
}

/** Counters that are not shown say nothing where others are: which a disk has depends on what it is. */
function errorsIn(counters: ErrorCounters): Verdict {
  const counted = [...counters].flatMap(([name, count]) => (count ? [`${name} ${count}`] : []));
  const isUnknown = counters.size === 0 || [...counters.values()].includes(undefined);
  return counted.length === 0 && isUnknown ? undefined : counted;
}

/** The bits of NVMe's critical warning in words, each with what may stand around it. */
const WARNINGS: readonly RegExp[] = [
  /^(?:available )?spare(?: below threshold)?$/,
  /^temperature(?: (?:above )?threshold)?$/,
  /^(?:(?:nvm )?subsystem )?reliability(?: degraded)?$|^degraded$/,
  /^(?:media )?read ?only$/,
  /^(?:volatile )?(?:memory )?backup(?: failed)?$/,
  /^persistent memory(?: region)? read ?only$/,
  /^(?:true|yes)$/,
];
const NONE = /^(?:no|none|false|ok|normal|good)$/;

/** One or several; a word is known as a whole or not at all, as "spare" is a warning and "spare ok" is none (U42). */
function warningsIn(shown: string): Verdict {
  const verdicts = shown.split(/[,;]/).map((part) => isWarning(part));
  if (verdicts.includes(true)) return [shown];
  return verdicts.includes(undefined) ? undefined : [];
}

/** Undefined for nothing, and for a form that is not known. */
function isWarning(part: string): boolean | undefined {
  const words = part
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ');
  if (/^(?:0x[0-9a-f]{1,8}|\d{1,10})$/.test(words)) return Number(words) !== 0;
  if (WARNINGS.some((known) => known.test(words))) return true;
  return NONE.test(words) ? false : undefined;
}
