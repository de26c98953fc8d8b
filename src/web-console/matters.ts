import { shellQuoted } from '../cli/shell-quoted.ts';
import { CONDITIONS, conditionSentence } from '../failures/conditions.ts';
import { EVENTS } from '../failures/events.ts';
import { DOCTOR } from '../failures/failure.ts';
import { remedyOf, sentenceOf } from '../failures/message.ts';
import type { Comparison } from '../orphans/comparison.ts';
import { type BackendObject, backendObjects } from '../orphans/find.ts';
import { renaming } from '../orphans/mismatches.ts';
import type { Inventory, InventoryCopy } from '../storage/inventory.ts';
import { scarcity } from '../storage/pool-reading.ts';
import type { BackendState } from './backend-reading.ts';
import type { Readings, Settings } from './build-scene.ts';
import { type Matter, MOST_IDS } from './scene.ts';
import { unfinished } from './unfinished.ts';

/** What needs a look, the most urgent first. */
export function mattersIn(
  { backends, cluster, now }: Readings,
  inventory: Inventory,
  comparison: Comparison | undefined,
  settings: Settings,
): Matter[] {
  const config = `--config ${shellQuoted(settings.configFile)}`;
  const all = [
    ...backends.flatMap((backend) => ofBackend(backend, config)),
    ...ofVolumes(inventory.volumes),
    ...ofPartial(backendObjects(inventory), config),
    ...ofCopies(inventory.copies, settings),
    ...(comparison === undefined ? [] : ofComparison(comparison, config)),
    ...(cluster.is === 'asked' ? unfinished(cluster, settings.driver, now, config) : []),
  ];
  return [...all.filter(({ urgency }) => urgency === 'act'), ...all.filter(({ urgency }) => urgency === 'look')];
}

function ofBackend({ name, error, problems, contents }: BackendState, config: string): Matter[] {
  const forDoctor = (code: string, says: string, advice: string): Matter => {
    return { urgency: 'act', code, says, ...remedy(advice), commands: [withConfig(DOCTOR, config)] };
  };
  const lost = error && forDoctor(error.code, `${name}: ${sentenceOf(error.code, error.detail)}`, remedyOf(error.code));
  const unfit = problems
    .filter(({ code }) => code !== error?.code)
    .map(({ code, found }) => forDoctor(code, `${name}: ${sentenceOf(code, found)}`, remedyOf(code)));
  const scarce = (contents?.pools ?? []).flatMap((pool): Matter[] => {
    const says = scarcity(name, pool);
    return says === undefined
      ? []
      : [{ urgency: 'act', says: sentence(says), ...remedy(EVENTS.PoolNearlyFull.advice), commands: [] }];
  });
  const unwell = (contents?.pools ?? []).flatMap(({ pool, health }) =>
    health.conditions.map((one) =>
      forDoctor(one.code, `${name}/${pool}: ${conditionSentence(one)}`, CONDITIONS[one.code].remedy),
    ),
  );
  return [...(lost === undefined ? [] : [lost]), ...unfit, ...unwell, ...scarce];
}

/** Volumes that have lost something. What a call at work leaves out for a moment takes two looks, and is left to Events and `why`. */
function ofVolumes(volumes: Inventory['volumes']): Matter[] {
  const lossy = volumes.flatMap(({ id, conditions }) =>
    conditions.flatMap(({ code }) => (CONDITIONS[code].severity === 'dataLoss' ? [{ id, code }] : [])),
  );
  return [...Map.groupBy(lossy, ({ code }) => code)].map(
    ([code, found]): Matter => ({
      urgency: 'act',
      code,
      says: `${count(found.length, 'volume', 'volumes')}: ${CONDITIONS[code].what}`,
      ...remedy(CONDITIONS[code].remedy),
      ids: idsOf(found),
      commands: [],
    }),
  );
}

/** Partial volumes that something refers to are completed by their next publication, so they are only shown. */
function ofPartial(objects: readonly BackendObject[], config: string): Matter[] {
  const partial = objects.filter(({ kind }) => kind === 'partial');
  return partial.length === 0
    ? []
    : [
        {
          urgency: 'look',
          says: `${count(partial.length, 'partial volume', 'partial volumes')}: a part is missing, left out by a call that was interrupted`,
          remedy:
            'One that Kubernetes refers to is completed when it is next published. One that nothing refers to can be deleted.',
          ids: idsOf(partial),
          commands: [`rose-csi orphans report ${config}`],
        },
      ];
}

/** Copies that are whole are backups, and what lies in someone's subvolume is theirs: neither needs a look. */
function ofCopies(copies: readonly InventoryCopy[], { words }: Settings): Matter[] {
  return copies
    .filter(({ kind }) => kind === 'half-received' || kind === 'undecided')
    .map((copy): Matter => {
      return {
        urgency: copy.kind === 'undecided' ? 'act' : 'look',
        says: `${copy.backend}/${copy.pool}: ${words.what(copy)}, named like ${copy.of}`,
        remedy: words.hint(copy),
        ids: [copy.of],
        commands: words.removal(copy),
      };
    });
}

function ofComparison({ orphans, mismatches, unseen, doubt }: Comparison, config: string): Matter[] {
  const report = `rose-csi orphans report ${config}`;
  if (doubt !== undefined) {
    const advice = 'Until that is settled nothing is called an orphan here.';
    return [{ urgency: 'act', says: sentence(doubt), remedy: advice, commands: [report] }];
  }
  const misnamed = mismatches.filter(({ isCopy }) => !isCopy);
  const copies = mismatches.filter(({ isCopy }) => isCopy);
  return [
    ...(misnamed.length === 0
      ? []
      : [
          {
            urgency: 'act' as const,
            says: `Kubernetes refers to ${count(misnamed.length, 'object', 'objects')} under the name of another backend`,
            remedy: sentence(renaming(misnamed)),
            ids: idsOf(misnamed.map(({ object }) => object)),
            commands: [report],
          },
        ]),
    ...unseen.slice(0, MOST_IDS).map(({ handle, by }): Matter => {
      const advice =
        'Its data is not there. Look whether the RDS has it under another owner, or restore it from a snapshot.';
      return {
        urgency: 'act',
        says: `${by} refers to ${handle}, which is not on the backends`,
        remedy: advice,
        commands: [report],
      };
    }),
    ...(orphans.length === 0
      ? []
      : [
          {
            urgency: 'look' as const,
            says: `${count(orphans.length, 'orphan', 'orphans')}: nothing in Kubernetes refers to ${orphans.length === 1 ? 'it' : 'them'}`,
            remedy: 'What is being made at this moment is among them. Look again before you adopt or delete anything.',
            ids: idsOf(orphans),
            commands: [report],
          },
        ]),
    ...(copies.length === 0
      ? []
      : [
          {
            urgency: 'look' as const,
            says: `${count(copies.length, 'object is a copy', 'objects are copies')} of what Kubernetes refers to on another backend`,
            remedy: 'None is deleted, unless --copy-of names what it is a copy of.',
            ids: idsOf(copies.map(({ object }) => object)),
            commands: [report],
          },
        ]),
  ];
}

function idsOf(objects: readonly { readonly id: string }[]): string[] {
  return objects.slice(0, MOST_IDS).map(({ id }) => id);
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function remedy(text: string | undefined): { readonly remedy?: string } {
  return text === undefined || text === '' ? {} : { remedy: `${text}.` };
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function withConfig(command: string, config: string): string {
  return command.replace('--config rose-csi.yaml', () => config);
}
