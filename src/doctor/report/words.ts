import type { DoctorReport } from '../doctor.ts';
import type { NamedFinding, Verdict } from '../finding.ts';

export const MARKS: Readonly<Record<Verdict, string>> = { fits: '✓', differs: '!', unusable: '✗', untested: '?' };

export const MEANINGS: Readonly<Record<Verdict, string>> = {
  fits: 'fits',
  differs: 'differs, and the driver copes',
  unusable: 'not usable so',
  untested: 'could not be tested',
};

/** What was tested, with the pool where that is not the RDS as a whole. */
export function titleOf({ title, unknown, pool }: NamedFinding): string {
  return `${unknown === undefined ? '' : `${unknown} `}${title}${pool === undefined ? '' : ` (${pool})`}`;
}

/** The result in one sentence. */
export function conclusion({ exitCode, interrupted, write, backends }: DoctorReport): string {
  if (interrupted) return 'Interrupted: not everything was tested.';
  if (exitCode === 2) {
    const names = backends.filter(({ complete }) => !complete).map(({ name }) => name);
    return `Could not be examined to the end: ${names.join(', ')}.`;
  }
  if (exitCode === 1) return 'Not usable as it is: see the lines marked ✗.';
  const gaps = backends.some(({ findings }) => findings.some(({ verdict }) => verdict === 'untested'));
  if (write && gaps) return 'Fits in what could be tested over SSH: the lines marked ? could not.';
  return write
    ? 'Fits, as far as can be determined over SSH.'
    : 'Fits, as far as reading can tell. --write tests more, with scratch objects of its own.';
}

/** How many findings there are of each verdict. */
export function tally(findings: readonly NamedFinding[]): string {
  const verdicts: readonly Verdict[] = ['fits', 'differs', 'unusable', 'untested'];
  return verdicts
    .map((verdict) => ({ verdict, count: findings.filter((finding) => finding.verdict === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${MARKS[verdict]} ${count} ${MEANINGS[verdict]}`)
    .join(' · ');
}
