import { shellQuoted } from '../cli/shell-quoted.ts';
import { CONDITIONS, conditionSentence } from '../failures/conditions.ts';
import { EVENTS } from '../failures/events.ts';
import { DOCTOR } from '../failures/failure.ts';
import { remedyOf, sentenceOf } from '../failures/message.ts';
import type { Comparison } from '../orphans/comparison.ts';
import { type BackendObject, backendObjects } from '../orphans/find.ts';
import { renaming } from '../orphans/mismatches.ts';
import { objectOf, type Reference } from '../orphans/references.ts';
import type { Inventory, InventoryCopy } from '../storage/inventory.ts';
import { scarcity } from '../storage/pool-reading.ts';
import type { BackendState } from './backend-reading.ts';
import type { Readings, Settings } from './build-scene.ts';
import type { ClusterName } from './cluster-names.ts';
import { onReplica, type Paired, type PairedSnapshot } from './copies.ts';
import { mattersOfPair } from './pair-matters.ts';
import { type Matter, MOST_IDS } from './scene.ts';
import { unfinished } from './unfinished.ts';

/** What was read, put together. */
export interface Found {
  readonly inventory: Inventory;
  /** Undefined unless everything was read just now. */
  readonly comparison: Comparison | undefined;
  readonly paired: Paired;
  readonly names: (id: string) => ClusterName | undefined;
}

/** What needs a look, the most urgent first. */
export function mattersIn(readings: Readings, found: Found, settings: Settings): Matter[] {
  const { backends, pairs, cluster, now } = readings;
  const { inventory, comparison, paired } = found;
  const config = `--config ${shellQuoted(settings.configFile)}`;
  // Without Kubernetes a volume that has lost its disk item, and the rest of a call that was given up, look the same.
  const isUsed = (id: string) => cluster.is !== 'asked' || found.names(id) !== undefined;
  const unwell = inventory.volumes.filter(({ id, conditions }) => conditions.length > 0 && isUsed(id));
  const twice = new Set(backends.flatMap(({ contents }) => [...(contents?.look.twice ?? [])]));
  const partial = backendObjects(inventory).filter(({ kind, id }) => kind === 'partial' && twice.has(id));
  const told = new Set(unwell.map(({ id }) => id));
  const all = [
    ...backends.flatMap((backend) => ofBackend(backend, config)),
    ...pairs.flatMap((pair) => mattersOfPair(pair, now, config)),
    ...ofVolumes(unwell),
    ...ofPartial(
      partial.filter(({ id }) => !told.has(id)),
      config,
    ),
    ...ofCopies(inventory.copies, { twice, paired }, settings),
    ...(comparison === undefined ? [] : ofComparison(comparison, { ...readings, paired, config })),
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

/** What is wrong with volumes, one matter for each condition. */
function ofVolumes(volumes: Inventory['volumes']): Matter[] {
  const all = volumes.flatMap(({ id, conditions }) => conditions.map(({ code }) => ({ id, code })));
  return [...Map.groupBy(all, ({ code }) => code)].map(
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
function ofPartial(partial: readonly BackendObject[], config: string): Matter[] {
  return partial.length === 0
    ? []
    : [
        {
          urgency: 'look',
          says: `${count(partial.length, 'partial volume', 'partial volumes')}: a part is missing, left out by a call that was interrupted or lost in a reset of the RDS`,
          remedy:
            'One that Kubernetes refers to is completed when it is next published. One that nothing refers to may hold all of its data if it lacks nothing but its disk item: look before you delete it.',
          ids: idsOf(partial),
          commands: [`rose-csi orphans report ${config}`],
        },
      ];
}

/**
 * Copies that are whole are backups, and what lies in someone's subvolume is theirs: neither needs a look. Nor does a half that is
 * being received, or that the driver has not had the time to remove.
 */
function ofCopies(
  copies: readonly InventoryCopy[],
  { twice, paired: { byCopyId } }: { readonly twice: ReadonlySet<string>; readonly paired: Paired },
  { words }: Settings,
): Matter[] {
  return copies
    .filter(({ kind, uuid }) => kind === 'undecided' || (kind === 'half-received' && (twice.has(uuid) || uuid === '')))
    .filter((copy) => onReplica(copy, byCopyId)?.state !== 'sending')
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

function ofComparison(
  { orphans, mismatches, unseen, doubt }: Comparison,
  {
    unseenBefore,
    paired,
    config,
  }: Pick<Readings, 'unseenBefore'> & Pick<Found, 'paired'> & { readonly config: string },
): Matter[] {
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
    ...unseen
      // What was made between the reading of an RDS and that of Kubernetes is there in the next one.
      .filter(({ handle }) => unseenBefore.has(handle))
      .slice(0, MOST_IDS)
      .map((reference) => ofUnseen(reference, paired.byId.get(reference.handle), report, config)),
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

/** What Kubernetes names, and no backend has. @param copy what a replica has of it */
function ofUnseen({ handle, by }: Reference, copy: PairedSnapshot | undefined, report: string, config: string): Matter {
  const says = `${by} refers to ${handle}, which is not on the backends`;
  if (copy !== undefined) {
    const { backend, pool } = copy.pair.to;
    return {
      urgency: 'look',
      says: `${says}, but for its copy on ${backend}/${pool}`,
      remedy: `A claim of a StorageClass of ${backend} and ${pool} restores from it. To have a VolumeSnapshot of the copy itself, adopt it.`,
      ids: [copy.copyId],
      commands: [`rose-csi replicas adopt ${config} ${shellQuoted(copy.copyId)}`],
    };
  }
  const advice =
    'Its data is not there. Look whether the RDS has it under another owner, or restore it from a snapshot.';
  const isVolume = objectOf(handle)?.startsWith('pvc-') === true;
  return { urgency: 'act', ...(isVolume && { code: 'VolumeMissing' }), says, remedy: advice, commands: [report] };
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
