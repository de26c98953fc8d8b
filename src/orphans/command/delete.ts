import type { Interface } from 'node:readline/promises';
import { inItsPlace } from '../../app/copies.ts';
import { idMeant } from '../../app/named.ts';
import { asOneMessage } from '../../cli/output.ts';
import { columns, wrap } from '../../cli/terminal.ts';
import { askedOnce } from '../../failures/message.ts';
import { refusal } from '../comparison.ts';
import { doubtAbout } from '../doubt.ts';
import { type BackendObject, backendObjects } from '../find.ts';
import { Freshness } from '../freshness.ts';
import type { KubernetesView } from '../references.ts';
import { type Opened, patience, THIS_CLUSTER } from './open.ts';
import { printObject } from './report.ts';

/** What became of one id. */
export interface Deleted {
  readonly id: string;
  readonly outcome: 'deleted' | 'kept' | 'refused' | 'failed';
  readonly reason?: string;
  /** Whether it was refused because no backend has it. */
  readonly isAbsent?: boolean;
}

export interface DeleteOptions {
  /** Delete without asking, where an answer is not insisted on. */
  readonly yes: boolean;
  /** A handle that Kubernetes refers to, of which the id is a copy on another backend; without it no copy is deleted. */
  readonly copyOf?: string | undefined;
  /** Prints for the user. */
  readonly tell: (text: string) => void;
  /** Asks the user; undefined when no one answers. */
  readonly ask: (question: string) => Promise<string | undefined>;
}

/**
 * Deletes one object after another. Before each, backends and cluster are read again, and read again after the user was asked.
 * When Kubernetes was not asked, or its answer is doubted, a reference could be missed; and a copy is distinguished from what is
 * referred to by the names of backends alone. Then the id has to be typed, whatever `yes` says.
 */
export async function deleteObjects(
  opened: Opened,
  ids: readonly string[],
  options: DeleteOptions,
): Promise<Deleted[]> {
  const results: Deleted[] = [];
  const freshness = new Freshness();
  for (const typed of ids) {
    const result = await deleteOne({ ...opened, freshness }, typed, options);
    const { id, outcome, reason } = result;
    options.tell(`${asOneMessage(`${id}: ${outcome}${reason === undefined ? '' : `: ${reason}`}`)}\n\n`);
    results.push(result);
  }
  return results;
}

/** The backends, the cluster, and how new its answers were. */
interface Looking extends Opened {
  readonly freshness: Freshness;
}

async function deleteOne(opened: Looking, typed: string, options: DeleteOptions): Promise<Deleted> {
  const { owners, storage } = opened;
  const seen = await look(opened, typed, options.copyOf);
  if ('outcome' in seen) return seen;
  const { id } = seen.object;
  options.tell(printObject(seen.object, seen.all, { owners, now: Date.now(), width: columns() }));
  const risk = riskOf(seen, opened, options);
  if (!(await isConfirmed(id, risk, options))) return { id, outcome: 'kept' };
  const again = await look(opened, id, options.copyOf);
  if ('outcome' in again) return again;
  const changed = changeIn(again, seen) ?? (risk === undefined ? riskOf(again, opened, options) : undefined);
  if (changed !== undefined) return { id, outcome: 'refused', reason: changed };
  try {
    if (again.object.kind === 'snapshot') await storage.snapshots.delete(id, patience());
    else await storage.deleteVolume(id, patience());
    return { id, outcome: 'deleted' };
  } catch (error) {
    return { id, outcome: 'failed', reason: askedOnce(error instanceof Error ? error.message : String(error)) };
  }
}

interface Seen {
  readonly object: BackendObject;
  readonly all: readonly BackendObject[];
  readonly view: KubernetesView | undefined;
}

/** The object and what refers to it; what has become of it when it must not be deleted. */
async function look(opened: Looking, typed: string, copyOf: string | undefined): Promise<Seen | Deleted> {
  const inventory = await opened.inventory();
  const all = backendObjects(inventory);
  const view = await opened.view();
  const id = idMeant(
    typed,
    all.map((one) => one.id),
  );
  const object = all.find((one) => one.id === id);
  if (object === undefined) {
    const reason = `it is not on the backends under the owners of this cluster${inItsPlace(id, inventory.copies)}`;
    return { id, outcome: 'refused', reason, isAbsent: true };
  }
  const reason = doubtfulAge(opened, view) ?? refusal(object, all, view, copyOf);
  return reason === undefined ? { object, all, view } : { id, outcome: 'refused', reason };
}

/** Why an answer of Kubernetes must not be relied on; undefined when none before was newer. */
function doubtfulAge({ freshness }: Looking, view: KubernetesView | undefined): string | undefined {
  const stale = view && freshness.staleness(view);
  return stale && `${stale}: Kubernetes answers with an older state, so ask again when it is whole`;
}

/** That it is no longer what was shown, in a sentence; undefined when it is. */
function changeIn({ object: now }: Seen, { object: shown }: Seen): string | undefined {
  if (now.what === shown.what && now.kind === shown.kind && now.sizeBytes === shown.sizeBytes) return undefined;
  return 'it changed while you were asked; look at it again';
}

/** Why the id has to be typed, in a sentence; undefined when a yes is enough. */
function riskOf(
  { object, all, view }: Seen,
  { config, owners }: Opened,
  { copyOf }: DeleteOptions,
): string | undefined {
  if (view === undefined) return 'Kubernetes was not asked, so it is not known whether something refers to it.';
  const ofItsOwner = all.filter(({ owner }) => owner === object.owner);
  const doubt = doubtAbout(ofItsOwner, view, config.driverName);
  if (doubt !== undefined)
    return wrap(`${doubt}. So it is not known whether something refers to it.`, columns()).join('\n');
  const maker = owners.get(object.owner);
  if (maker !== THIS_CLUSTER) {
    return `It was made by ${maker}. If another cluster has adopted that as well, it may\nuse it, and nothing here shows that.`;
  }
  const original = all.find(({ id }) => id === copyOf);
  if (original === undefined) return undefined;
  const shown = printObject(original, all, { owners, now: Date.now(), width: columns() });
  return `It is a copy of the following, which Kubernetes refers to and which stays:\n${shown}`;
}

async function isConfirmed(id: string, risk: string | undefined, { yes, ask, tell }: DeleteOptions): Promise<boolean> {
  if (risk === undefined) return yes || /^y(es)?$/i.test((await ask('Delete it for good? [y/N] ')) ?? '');
  tell(`${risk.trimEnd()}\n`);
  return (await ask('Type its id to delete it for good: ')) === id;
}

/**
 * Asks on a terminal or any other input, whose lines are kept until they are asked for; undefined when the input is at its
 * end. Closing `lines` is the caller's.
 */
export function askOn(lines: Interface, tell: DeleteOptions['tell']): DeleteOptions['ask'] {
  const answers = lines[Symbol.asyncIterator]();
  return async (question) => {
    tell(question);
    const { value, done } = await answers.next();
    return done ? undefined : value.trim();
  };
}
