import type { Interface } from 'node:readline/promises';
import { refusal } from '../../orphans/comparison.ts';
import { countHeld, type Held, heldIn } from '../../orphans/find.ts';
import { doubtAbout, type KubernetesView, referencesOf } from '../../orphans/references.ts';
import { type Opened, patience } from './open.ts';
import { printHeldObject } from './report.ts';

/** What became of one id. */
export interface Deleted {
  readonly id: string;
  readonly outcome: 'deleted' | 'kept' | 'refused' | 'failed';
  readonly reason?: string;
}

export interface DeleteOptions {
  /** Delete without asking, where an answer is not insisted on. */
  readonly yes: boolean;
  /** Tells a person. */
  readonly tell: (text: string) => void;
  /** Asks a person; undefined when nobody answers. */
  readonly ask: (question: string) => Promise<string | undefined>;
}

/**
 * Deletes one object after another. Before each, boxes and cluster are read anew, and read again after a person was asked.
 * When Kubernetes was not asked, or its answer is doubted, a reference could be missed: then the id has to be typed,
 * whatever `yes` says.
 */
export async function deleteHeld(opened: Opened, ids: readonly string[], options: DeleteOptions): Promise<Deleted[]> {
  const results: Deleted[] = [];
  for (const id of ids) {
    const result = await deleteOne(opened, id, options);
    const { outcome, reason } = result;
    options.tell(`${id}: ${outcome}${reason === undefined ? '' : `: ${reason}`}\n\n`);
    results.push(result);
  }
  return results;
}

async function deleteOne(opened: Opened, id: string, options: DeleteOptions): Promise<Deleted> {
  const { config, owners, storage } = opened;
  const seen = await look(opened, id);
  if (typeof seen === 'string') return { id, outcome: 'refused', reason: seen };
  options.tell(printHeldObject(seen.held, seen.all, { owners, now: Date.now() }));
  const isBlind =
    seen.view === undefined || doubtAbout(seen.view, config.driverName, countHeld(seen.all)) !== undefined;
  if (!(await isConfirmed(seen.held, isBlind, options))) return { id, outcome: 'kept' };
  const again = await look(opened, id);
  if (typeof again === 'string') return { id, outcome: 'refused', reason: again };
  try {
    if (again.held.kind === 'snapshot') await storage.deleteSnapshot(id, patience());
    else await storage.deleteVolume(id, patience());
    return { id, outcome: 'deleted' };
  } catch (error) {
    return { id, outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

interface Seen {
  readonly held: Held;
  readonly all: readonly Held[];
  readonly view: KubernetesView | undefined;
}

/** The object and what refers to it; a text when it must not be deleted. */
async function look(opened: Opened, id: string): Promise<Seen | string> {
  const all = heldIn(await opened.survey());
  const view = await opened.view();
  const held = all.find((object) => object.id === id);
  if (held === undefined) return 'it is not on the boxes under the owners of this cluster';
  return refusal(held, view && referencesOf(view)) ?? { held, all, view };
}

async function isConfirmed({ id }: Held, isBlind: boolean, { yes, ask, tell }: DeleteOptions): Promise<boolean> {
  if (!isBlind) return yes || /^y(es)?$/i.test((await ask('Delete it for good? [y/N] ')) ?? '');
  tell(
    'Kubernetes was not asked or names nothing of this driver, so it is not known whether something refers to it.\n',
  );
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
