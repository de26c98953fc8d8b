import { printAge } from '../../cli/print-age.ts';
import { printSize } from '../../failures/print-size.ts';
import type { Row } from '../scene.ts';

/** Bytes in a unit that one reads; a dash for what is not known. */
export function sizeText(bytes: number | undefined): string {
  return bytes === undefined ? '–' : printSize(BigInt(Math.max(0, Math.round(bytes))));
}

/** A change of so many bytes, with its sign. */
export function changeText(bytes: number): string {
  if (bytes === 0) return 'no change';
  return `${bytes > 0 ? '+' : '−'}${sizeText(Math.abs(bytes))}`;
}

/** How long ago, in one unit. */
export function agoText(at: number, now: number): string {
  return `${printAge(now - at)} ago`;
}

/** Date and time of here, such as `2026-11-20 12:00`. */
export function timeText(at: number): string {
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short' }).format(at);
}

/** The time of here, such as `12:00`. */
export function clockText(at: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeStyle: 'short' }).format(at);
}

/** A number with the right word. */
export function countText(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** What a row is called: as Kubernetes calls it, or its own name on the RDS without the RDS. */
export function titleOf({ namespace, name, id }: Pick<Row, 'namespace' | 'name' | 'id'>): string {
  return namespace !== undefined && name !== undefined ? `${namespace}/${name}` : shortId(id);
}

/** `pvc-7a0f3c52…` of an id: enough to recognise it. */
export function shortId(id: string): string {
  const object = id.slice(id.indexOf(':') + 1);
  return object.length > 14 ? `${object.slice(0, object.indexOf('-') + 9)}…` : object;
}

/** What distinguishes a row, in words; each with whether it needs a look. */
export function notesOf({
  orphan,
  lacks,
  duplicates,
  adopted,
  copies = [],
  uncopied,
  original,
  pool,
  id,
  kind,
}: Row): { text: string; warns: boolean }[] {
  const ofCopy = original === undefined ? undefined : ORIGINALS[original.is];
  return [
    ...(ofCopy === undefined
      ? []
      : [{ text: `copy on ${id.slice(0, id.indexOf(':'))}/${pool}`, warns: false }, ofCopy]),
    ...(kind === 'gone' ? [{ text: 'no longer there', warns: false }] : []),
    ...(orphan === true ? [{ text: 'not referred to', warns: true }] : []),
    ...(lacks === undefined ? [] : [{ text: `partial: no ${lacks}`, warns: true }]),
    ...(duplicates === undefined ? [] : [{ text: `${duplicates.length} left of a race`, warns: true }]),
    ...(adopted === undefined ? [] : [{ text: `adopted from ${adopted}`, warns: false }]),
    ...(uncopied === undefined || uncopied === 'half-received' ? [] : [UNCOPIED[uncopied]]),
    // A copy that stands for itself need not be said to have one, nor what is being sent to be half there.
    ...(kind === 'copy' || uncopied === 'sending' ? [] : copies).map((copy) => ({
      text: `${copy.what} on ${copy.backend}/${copy.pool}`,
      warns: false,
    })),
  ];
}

const ORIGINALS: Readonly<Record<NonNullable<Row['original']>['is'], { text: string; warns: boolean }>> = {
  there: { text: 'original is there', warns: false },
  gone: { text: 'original is gone', warns: false },
  unseen: { text: 'original not seen', warns: false },
};

/** What is half-received is said of the half. */
const UNCOPIED: Readonly<
  Record<Exclude<NonNullable<Row['uncopied']>, 'half-received'>, { text: string; warns: boolean }>
> = {
  missing: { text: 'no copy yet', warns: false },
  sending: { text: 'being sent', warns: false },
  taken: { text: 'name taken on the replica', warns: true },
  unknown: { text: 'copy not seen', warns: false },
};
