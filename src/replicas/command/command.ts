import { Command } from 'commander';
import { identityValues } from '../../app/identity-values.ts';
import { EXIT, type ExitCode, exitHelp } from '../../cli/exit-codes.ts';
import { type OverrideFlags, withConfig, withJson, withOverrides } from '../../cli/flags.ts';
import { helpCommand } from '../../cli/help-command.ts';
import { print, printJson } from '../../cli/output.ts';
import { showing } from '../../cli/progress.ts';
import { columns } from '../../cli/terminal.ts';
import { namespaceName } from '../../cli/values.ts';
import type { Overview } from '../overview.ts';

interface Flags extends OverrideFlags {
  readonly config: string;
  readonly json?: boolean;
}

interface ListFlags extends Flags {
  readonly volume?: string;
}

interface AdoptFlags extends Flags {
  readonly namespace: string;
}

/** Patience with both sides of all pairs, in ms. */
const PATIENCE_MS = 120_000;

const LS_HELP = `
It reads the two backends of each pair and nothing else. When one of them does
not answer, it says so and shows what the other one has.

  copied            there is a whole copy; behind it, when that came, in the
                    time of its RDS
  alone             there is one, and the original is gone
  unknown original  there is one; the backend of the original does not answer
  sending           it is being sent
  missing           there is none yet
  half-received     a transfer was cut off; it is sent again
  taken             something else has its name on the replica; it is left alone
  unknown           the backend of the replica does not answer

The newest copy of each volume, for \`replicas adopt\`:
  rose-csi replicas ls --config rose-csi.yaml --json | jq -r '
    .pairs[].snapshots | map(select(.hasCopy)) | group_by(.volumeId)[]
    | max_by(.createdAt) | .copyId'
`;

const ADOPT_HELP = `
For a cluster that has lost the RDS of the original, or is a new one with the
same clusterId: a VolumeSnapshotContent for the copy where it is, and the
VolumeSnapshot that binds it. Only the backend of the copy is asked. Claims of a
StorageClass of that backend and pool then restore from it. Review it before:
  rose-csi replicas adopt --config rose-csi.yaml rds2:snap-19d5… > copy.yaml
  kubectl apply -f copy.yaml
`;

const LS_EXIT = exitHelp({ well: 'printed', failed: 'could not run, or a backend could not be read' });
const STATUS_EXIT = exitHelp({
  well: 'every snapshot has its copy',
  found: 'a snapshot has no copy',
  failed: 'could not run, or a backend could not be read',
});
const ADOPT_EXIT = exitHelp({ well: 'printed', failed: 'could not run, or there is no such copy' });

/** `rose-csi replicas`. What it needs is loaded when it runs. */
export function replicasCommand(): Command {
  const ls = subcommand('ls', 'Show which snapshots have a copy on the replica of their pool')
    .option('--volume <id>', 'only the snapshots of this volume')
    .addHelpText('after', `${LS_HELP}${LS_EXIT}`)
    .action(async (flags: ListFlags) => {
      process.exitCode = await list(flags);
    });
  const status = subcommand('status', 'Show how far the copies of each pool are')
    .addHelpText('after', STATUS_EXIT)
    .action(async (flags: Flags) => {
      process.exitCode = await tell(flags);
    });
  const adopt = subcommand('adopt', 'Print what brings copies into Kubernetes')
    .argument('<id...>', 'of copies, e.g. rds2:snap-19d5…')
    .option('--namespace <name>', 'namespace of the VolumeSnapshots', namespaceName, 'default')
    .addHelpText('after', `${ADOPT_HELP}${ADOPT_EXIT}`)
    .action(adoptCopies);
  return new Command('replicas')
    .description('Look at the copies of snapshots on other backends, and bring them into a cluster')
    .addCommand(ls)
    .addCommand(status)
    .addCommand(adopt)
    .helpCommand(false)
    .addCommand(helpCommand());
}

function subcommand(name: string, description: string): Command {
  return withOverrides(withJson(withConfig(new Command(name).description(description))), identityValues);
}

async function list({ volume, json, ...flags }: ListFlags): Promise<ExitCode> {
  const all = await overviews(flags);
  const shown =
    volume === undefined
      ? all
      : all.map((one) => ({ ...one, snapshots: one.snapshots.filter(({ volumeId }) => volumeId === volume) }));
  const { printSnapshots, overviewsJson } = await import('../text.ts');
  const options = { width: columns(), now: Date.now() };
  if (json === true) printJson(overviewsJson(shown));
  else print(printSnapshots(shown, options));
  return isUnread(all) ? EXIT.failed : EXIT.well;
}

async function tell({ json, ...flags }: Flags): Promise<ExitCode> {
  const all = await overviews(flags);
  const [{ printStatus, overviewsJson }, { hasCopy }] = await Promise.all([
    import('../text.ts'),
    import('../overview.ts'),
  ]);
  const options = { width: columns(), now: Date.now() };
  if (json === true) printJson(overviewsJson(all));
  else print(printStatus(all, options));
  if (isUnread(all)) return EXIT.failed;
  return all.every(({ snapshots }) => snapshots.every(hasCopy)) ? EXIT.well : EXIT.found;
}

function isUnread(all: readonly Overview[]): boolean {
  return all.some(({ problems }) => problems.length > 0);
}

async function adoptCopies(ids: readonly string[], { json, namespace, ...flags }: AdoptFlags): Promise<void> {
  const [{ snapshotManifest }, { adoptable }, { Replicas }] = await Promise.all([
    import('../../orphans/adoption.ts'),
    import('../adopt.ts'),
    import('../../storage/replication/replicas.ts'),
  ]);
  const { config, replicators, backends, close } = await open(flags);
  const snapshots = await adoptable(ids, new Replicas(replicators), backends, PATIENCE_MS).finally(close);
  const manifests = snapshots.map((one) => snapshotManifest(one, { driver: config.driverName, namespace }));
  const items = manifests.flatMap(({ object, binding }) => [object, binding]);
  if (json === true) printJson({ apiVersion: 'v1', kind: 'List', items });
  else print(manifests.map(({ both }) => both).join(''));
}

async function overviews(flags: Flags): Promise<Overview[]> {
  const [{ overview }, { callWithin }] = await Promise.all([import('../overview.ts'), import('../../storage/call.ts')]);
  const { replicators, close } = await open(flags);
  return await showing('reading the snapshots and their copies …', () =>
    Promise.all(replicators.map(({ pair }) => overview(pair, callWithin(PATIENCE_MS)))).finally(close),
  );
}

/** @throws Error when the configuration names no replica. */
async function open({ config: file, ...overrides }: Flags) {
  const { readConfiguration } = await import('../../app/configuration.ts');
  const config = await readConfiguration(file, overrides);
  const [{ createLogger }, { openBackends }, { identity }, { readingReplicators }] = await Promise.all([
    import('../../observability/log.ts'),
    import('../../app/backends.ts'),
    import('../../storage/ids.ts'),
    import('../../app/replicators.ts'),
  ]);
  const { owners } = identity(config.driverName, config.clusterId, config.adoptedClusterIds);
  const logger = createLogger('error');
  const backends = openBackends(config.backends, { owners, logger });
  const replicators = readingReplicators(config.backends, backends);
  if (replicators.length === 0)
    throw new Error('no pool of the configuration has a replica (docs/guides/second-rds.md)');
  const close = async (): Promise<void> => {
    await Promise.all(backends.map(({ rds }) => rds.close()));
  };
  return { config, backends, replicators, close };
}
