import { type Condition, type ConditionCode, codesOf } from '../failures/conditions.ts';
import type { ErrorCounters, PoolHealthFacts } from '../rds/index.ts';

/** What is wrong with a pool, and of which conditions its RDS shows whether they are so. */
export interface PoolHealth {
  readonly conditions: readonly Condition[];
  /** The others are unknown: neither well nor not. */
  readonly examined: readonly ConditionCode[];
}

/** Every condition that a pool can have. */
export const POOL_CONDITIONS: readonly ConditionCode[] = codesOf({ about: 'pool' });

/** Judges what an RDS shows of a pool; what it does not show, or in a form that is not known, says nothing. */
export function examinePool({ isDeviceMissing, errors, disks }: PoolHealthFacts): PoolHealth {
  const warnings = disks.flatMap(({ slot, criticalWarning }) => {
    const isWarning = readWarning(criticalWarning);
    return isWarning === undefined ? [] : [{ isWarning, words: `${slot}: ${criticalWarning}` }];
  });
  const counted = disks.filter((disk) => disk.errors.size > 0);
  const found: readonly (readonly [ConditionCode, isExamined: boolean, details: readonly string[]])[] = [
    ['PoolDeviceMissing', isDeviceMissing !== undefined, isDeviceMissing === true ? [''] : []],
    ['PoolDeviceErrors', errors.size > 0, nonZero(errors)],
    ['PoolDiskWarning', warnings.length > 0, warnings.flatMap(({ isWarning, words }) => (isWarning ? [words] : []))],
    [
      'PoolDiskErrors',
      counted.length > 0,
      counted.flatMap((disk) => nonZero(disk.errors).map((words) => `${disk.slot}: ${words}`)),
    ],
  ];
  return {
    examined: found.flatMap(([code, isExamined]) => (isExamined ? [code] : [])),
    conditions: found.flatMap(([code, , details]) =>
      details.length > 0 ? [{ code, detail: details.join(', ') }] : [],
    ),
  };
}

function nonZero(errors: ErrorCounters): string[] {
  return [...errors].flatMap(([name, count]) => (count > 0n ? [`${name} ${count}`] : []));
}

/** The bits of NVMe's critical warning, in words. */
const WARNINGS = /spare|temperature|reliab|degrad|read.?only|backup|volatile|fail/i;
const NONE = /^(?:no|none|false|ok|normal|good)$/i;

/** Whether it is one; undefined for nothing, and for a form that is not known (U42). */
function readWarning(shown: string): boolean | undefined {
  if (/^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(shown)) return Number(shown) !== 0;
  if (/^(?:true|yes)$/i.test(shown) || WARNINGS.test(shown)) return true;
  return NONE.test(shown) ? false : undefined;
}
