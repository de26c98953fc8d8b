import { type Column, printTable } from '../../cli/table.ts';
import { wrap } from '../../cli/terminal.ts';
import { printSize } from '../../failures/print-size.ts';
import type { Comparison } from '../../orphans/comparison.ts';
import { type Held, poolOf } from '../../orphans/find.ts';
import { type Mismatch, renaming } from '../../orphans/mismatches.ts';
import { printAge } from '../../storage/print-age.ts';

export interface ReportOptions {
  /** Words for each owner. */
  readonly owners: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch, which ages are told against. */
  readonly now: number;
  /** Columns of the terminal. */
  readonly width: number;
}

const OBJECTS: readonly Column[] = [{}, {}, { align: 'right' }, { align: 'right' }, { folds: 'words' }];
const REFERENCES: readonly Column[] = [{}, { folds: 'words' }];

/** The report for people. */
export function printComparison(comparison: Comparison, options: ReportOptions): string {
  const { held, orphans, mismatches, unseen, doubt } = comparison;
  const parts = [`${held.length} objects on the boxes, ${orphans.length} of them without a reference in Kubernetes.\n`];
  if (doubt !== undefined) parts.push('\n', sentence(`BEWARE: ${doubt}.`, options));
  if (orphans.length > 0) {
    parts.push(`\nNothing refers to:\n${table(orphans, options)}`);
    const beware = 'What is being made at this moment is among them. Look again before you delete anything.';
    parts.push('\n', sentence(beware, options));
  }
  parts.push(...mismatched(mismatches, options));
  if (unseen.length > 0) {
    const rows = unseen.map(({ handle, by }) => ({ cells: [handle, by] }));
    const lines = printTable(REFERENCES, rows, { width: options.width, indent: '  ' });
    parts.push(`\nReferred to, and not on the boxes under our owners:\n${textOf(lines)}`);
  }
  return parts.join('');
}

/** What is referred to under the name of another backend, and what to do about it. */
function mismatched(mismatches: readonly Mismatch[], options: ReportOptions): string[] {
  const copies = mismatches.filter(({ isCopy }) => isCopy);
  const misnamed = mismatches.filter(({ isCopy }) => !isCopy);
  const rows = (some: readonly Mismatch[]) =>
    table(
      some.map(({ held }) => held),
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

/** What the boxes hold, when nothing was compared. */
export function printHeld(held: readonly Held[], options: ReportOptions): string {
  const head = sentence(
    `NOT COMPARED with Kubernetes: ${held.length} objects on the boxes, whether something refers to them or not.`,
    options,
  );
  return held.length === 0 ? head : `${head}\n${table(held, options)}`;
}

/** One object a row, with a last note for each. */
function table(held: readonly Held[], options: ReportOptions, lastNotes: readonly string[] = []): string {
  const rows = held.map((object, index) => ({
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

function notes({ owner, inUse, source, lacks, pool }: Held, owners: ReadonlyMap<string, string>): string[] {
  return [
    owners.get(owner) ?? owner,
    ...(lacks === undefined ? [] : [`half-made, without its ${lacks}`]),
    ...(pool === '' ? ['in a pool that is not configured'] : []),
    ...(inUse ? ['IN USE'] : []),
    ...(source === undefined ? [] : [`from ${source}`]),
  ];
}

/** One object for programs. Sizes are bytes; what is not known is left out. The form only ever grows. */
export function heldJson(held: Held, owners: ReadonlyMap<string, string>): object {
  const { sizeBytes, createdAtSeconds, mayBeEmpty: _, ...rest } = held;
  return {
    ...rest,
    ownedBy: owners.get(held.owner),
    ...(sizeBytes !== undefined && { sizeBytes: Number(sizeBytes) }),
    ...(createdAtSeconds !== undefined && { createdAt: new Date(Number(createdAtSeconds) * 1000).toISOString() }),
  };
}

/** A comparison for programs. The form only ever grows. */
export function comparisonJson(comparison: Comparison, owners: ReadonlyMap<string, string>): object {
  const { held, orphans, mismatches, unseen, doubt } = comparison;
  return {
    compared: true,
    held: held.length,
    orphans: orphans.map((object) => heldJson(object, owners)),
    mismatches: mismatches.map(({ held: object, as, by, isCopy }) => {
      return { ...heldJson(object, owners), referredToAs: as, reference: by, isCopy };
    }),
    unseen: unseen.map(({ handle, by }) => ({ id: handle, reference: by })),
    ...(doubt !== undefined && { doubt }),
  };
}

/** What an object is, for somebody who is about to delete it. */
export function printHeldObject(held: Held, all: readonly Held[], options: ReportOptions): string {
  const { id, backend, what, sizeBytes, createdAtSeconds, source } = held;
  const children = all.filter((other) => other.source === id).map((other) => other.id);
  const time = createdAtSeconds === undefined ? undefined : new Date(Number(createdAtSeconds) * 1000);
  const facts = [
    `on ${backend}, ${poolOf(held)}: ${what}`,
    `size ${sizeBytes === undefined ? 'not known' : `${printSize(sizeBytes)} (${sizeBytes} bytes)`}`,
    ...(time === undefined ? [] : [`cut ${time.toISOString()}, ${printAge(options.now - time.getTime())} ago`]),
    ...(source === undefined ? [] : [`made from ${source}`]),
    `owned by ${options.owners.get(held.owner) ?? held.owner}`,
    `made from it: ${children.length === 0 ? 'nothing' : `${children.join(', ')}, which stay whole`}`,
  ];
  const lines = facts.flatMap((fact) => wrap(fact, options.width - 2, '  ').map((line) => `  ${line}`));
  return textOf([`${held.kind} ${id}`, ...lines]);
}
