import { printAge } from '../../cli/print-age.ts';
import { type Column, printTable } from '../../cli/table.ts';
import { wrap } from '../../cli/terminal.ts';
import { printSize } from '../../failures/print-size.ts';
import type { Comparison } from '../comparison.ts';
import { type BackendObject, poolOf } from '../find.ts';
import { type Mismatch, renaming } from '../mismatches.ts';

export interface ReportOptions {
  /** Words for each owner. */
  readonly owners: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch, from which ages are counted. */
  readonly now: number;
  /** Columns of the terminal. */
  readonly width: number;
}

const OBJECTS: readonly Column[] = [{}, {}, { align: 'right' }, { align: 'right' }, { folds: 'words' }];
const REFERENCES: readonly Column[] = [{}, { folds: 'words' }];

/** The report as text. */
export function printComparison(comparison: Comparison, options: ReportOptions): string {
  const { objects, orphans, awaited, mismatches, unseen, doubt } = comparison;
  const parts = [
    `${objects.length} objects on the backends, ${orphans.length} of them without a reference in Kubernetes.\n`,
  ];
  if (doubt !== undefined) parts.push('\n', sentence(`BEWARE: ${doubt}.`, options));
  if (orphans.length > 0) {
    parts.push(`\nNothing refers to:\n${table(orphans, options)}`);
    const beware = 'What is being made at this moment is among them. Look again before you delete anything.';
    parts.push('\n', sentence(beware, options));
  }
  if (awaited.length > 0) {
    const rows = awaited.map(({ object }) => object);
    const needs = awaited.map(({ by }) => `needed by ${by}`);
    const adopting =
      'What is being made at this moment is among them. What stays here has lost its PersistentVolume or VolumeSnapshotContent: adopt prints one.';
    parts.push(`\nNeeded by a claim or VolumeSnapshot alone:\n${table(rows, options, needs)}`);
    parts.push('\n', sentence(adopting, options));
  }
  parts.push(...mismatched(mismatches, options));
  if (unseen.length > 0) {
    const rows = unseen.map(({ handle, by }) => ({ cells: [handle, by] }));
    const lines = printTable(REFERENCES, rows, { width: options.width, indent: '  ' });
    parts.push(`\nReferred to, and not on the backends under our owners:\n${textOf(lines)}`);
  }
  return parts.join('');
}

/** What is referred to under the name of another backend, and what to do about it. */
function mismatched(mismatches: readonly Mismatch[], options: ReportOptions): string[] {
  const copies = mismatches.filter(({ isCopy }) => isCopy);
  const misnamed = mismatches.filter(({ isCopy }) => !isCopy);
  const rows = (some: readonly Mismatch[]) =>
    table(
      some.map(({ object }) => object),
      options,
      some.map(({ as, by }) => `${as} to ${by}`),
    );
  return [
    ...(misnamed.length === 0
      ? []
      : [
          `\nReferred to under the name of another backend, and never deleted:\n${rows(misnamed)}`,
          `\n${sentence(`What to do: ${renaming(misnamed)}.`, options)}`,
        ]),
    ...(copies.length === 0
      ? []
      : [
          `\nCopies of what is referred to, which is on its own backend:\n${rows(copies)}`,
          '\nNone is deleted, unless --copy-of names what it is a copy of.\n',
        ]),
  ];
}

/** What the backends hold, when nothing was compared. */
export function printObjects(objects: readonly BackendObject[], options: ReportOptions): string {
  const head = sentence(
    `NOT COMPARED with Kubernetes: ${objects.length} objects on the backends, whether something refers to them or not.`,
    options,
  );
  return objects.length === 0 ? head : `${head}\n${table(objects, options)}`;
}

/** One object a row, with a last note for each. */
function table(objects: readonly BackendObject[], options: ReportOptions, lastNotes: readonly string[] = []): string {
  const rows = objects.map((object, index) => ({
    cells: [
      object.kind,
      object.id,
      object.sizeBytes === undefined ? '?' : printSize(object.sizeBytes),
      object.createdAtSeconds === undefined ? '' : printAge(options.now - Number(object.createdAtSeconds) * 1000),
      [...notes(object, options.owners), ...lastNotes.slice(index, index + 1)].join(', '),
    ],
  }));
  return textOf(printTable(OBJECTS, rows, { width: options.width, indent: '  ' }));
}

function sentence(text: string, { width }: ReportOptions): string {
  return textOf(wrap(text, width));
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function notes({ owner, inUse, source, lacks, pool }: BackendObject, owners: ReadonlyMap<string, string>): string[] {
  return [
    owners.get(owner) ?? owner,
    ...(lacks === undefined ? [] : [`partial, without its ${lacks}`]),
    ...(pool === '' ? ['in a pool that is not configured'] : []),
    ...(inUse ? ['IN USE'] : []),
    ...(source === undefined ? [] : [`from ${source}`]),
  ];
}

/** One object for programs. Sizes are bytes; what is not known is left out. The form only ever grows. */
export function objectJson(object: BackendObject, owners: ReadonlyMap<string, string>): object {
  const { sizeBytes, createdAtSeconds, mayBeEmpty: _, ...rest } = object;
  return {
    ...rest,
    ownedBy: owners.get(object.owner),
    ...(sizeBytes !== undefined && { sizeBytes: Number(sizeBytes) }),
    ...(createdAtSeconds !== undefined && { createdAt: new Date(Number(createdAtSeconds) * 1000).toISOString() }),
  };
}

/** A comparison for programs. The form only ever grows. */
export function comparisonJson(comparison: Comparison, owners: ReadonlyMap<string, string>): object {
  const { objects, orphans, awaited, mismatches, unseen, doubt } = comparison;
  return {
    compared: true,
    objectCount: objects.length,
    orphans: orphans.map((object) => objectJson(object, owners)),
    awaited: awaited.map(({ object, by }) => ({ ...objectJson(object, owners), reference: by })),
    mismatches: mismatches.map(({ object, as, by, isCopy }) => {
      return { ...objectJson(object, owners), referredToAs: as, reference: by, isCopy };
    }),
    unseen: unseen.map(({ handle, by }) => ({ id: handle, reference: by })),
    ...(doubt !== undefined && { doubt }),
  };
}

/** What an object is, for someone who is about to delete it. */
export function printObject(object: BackendObject, all: readonly BackendObject[], options: ReportOptions): string {
  const { id, backend, what, sizeBytes, createdAtSeconds, source } = object;
  const children = all.filter((other) => other.source === id).map((other) => other.id);
  const time = createdAtSeconds === undefined ? undefined : new Date(Number(createdAtSeconds) * 1000);
  const facts = [
    `on ${backend}, ${poolOf(object)}: ${what}`,
    `size ${sizeBytes === undefined ? 'not known' : `${printSize(sizeBytes)} (${sizeBytes} bytes)`}`,
    ...(time === undefined ? [] : [`taken ${time.toISOString()}, ${printAge(options.now - time.getTime())} ago`]),
    ...(source === undefined ? [] : [`made from ${source}`]),
    `owned by ${options.owners.get(object.owner) ?? object.owner}`,
    `made from it: ${children.length === 0 ? 'nothing' : `${children.join(', ')}, which stay whole`}`,
  ];
  const lines = facts.flatMap((fact) => wrap(fact, options.width - 2, '  ').map((line) => `  ${line}`));
  return textOf([`${object.kind} ${id}`, ...lines]);
}
