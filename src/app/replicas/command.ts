import { Command } from 'commander';
import { EXIT, type ExitCode, exitHelp } from '../../cli/exit-codes.ts';
import { type OverrideFlags, withConfig, withJson, withOverrides } from '../../cli/flags.ts';
import { print } from '../../cli/output.ts';
import { showing } from '../../cli/progress.ts';
import { columns } from '../../cli/terminal.ts';
import type { Survey } from './survey.ts';

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
    .option('--namespace <name>', 'namespace of the VolumeSnapshots', 'default')
    .addHelpText('after', `${ADOPT_HELP}${ADOPT_EXIT}`)
    .action(adoptCopies);
  return new Command('replicas')
    .description('Look at the copies of snapshots on other backends, and bring them into a cluster')
    .addCommand(ls)
    .addCommand(status)
    .addCommand(adopt);
}

function subcommand(name: string, description: string): Command {
  return withOverrides(withJson(withConfig(new Command(name).description(description))));
}

async function list({ volume, json, ...flags }: ListFlags): Promise<ExitCode> {
  const all = await surveys(flags);
  const shown =
    volume === undefined
      ? all
      : all.map((one) => ({ ...one, snapshots: one.snapshots.filter(({ volumeId }) => volumeId === volume) }));
  const { printSnapshots, surveysJson } = await import('./text.ts');
  const options = { width: columns(), now: Date.now() };
  print(json === true ? `${JSON.stringify(surveysJson(shown))}\n` : printSnapshots(shown, options));
  return isUnread(all) ? EXIT.failed : EXIT.well;
}

async function tell({ json, ...flags }: Flags): Promise<ExitCode> {
  const all = await surveys(flags);
  const [{ printStatus, surveysJson }, { hasCopy }] = await Promise.all([import('./text.ts'), import('./survey.ts')]);
  const options = { width: columns(), now: Date.now() };
  print(json === true ? `${JSON.stringify(surveysJson(all))}\n` : printStatus(all, options));
  if (isUnread(all)) return EXIT.failed;
  return all.every(({ snapshots }) => snapshots.every(hasCopy)) ? EXIT.well : EXIT.found;
}

function isUnread(all: readonly Survey[]): boolean {
  return all.some(({ problems }) => problems.length > 0);
}

async function adoptCopies(ids: readonly string[], { json, namespace, ...flags }: AdoptFlags): Promise<void> {
  const [{ snapshotManifest }, { adoptable }] = await Promise.all([
    import('../../orphans/adoption.ts'),
    import('./adopt.ts'),
  ]);
  const { config, pairs, close } = await open(flags);
  const snapshots = await adoptable(ids, pairs, PATIENCE_MS).finally(close);
  const manifests = snapshots.map((one) => snapshotManifest(one, { driver: config.driverName, namespace }));
  const items = manifests.flatMap(({ object, binding }) => [object, binding]);
  const whole = `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items })}\n`;
  print(json === true ? whole : manifests.map(({ both }) => both).join(''));
}

async function surveys(flags: Flags): Promise<Survey[]> {
  const [{ survey }, { callWithin }] = await Promise.all([import('./survey.ts'), import('../../storage/call.ts')]);
  const { pairs, close } = await open(flags);
  return await showing('reading the snapshots and their copies …', () =>
    Promise.all(pairs.map((pair) => survey(pair, callWithin(PATIENCE_MS)))).finally(close),
  );
}

/** @throws Error when the configuration names no replica. */
async function open({ config: file, clusterId, driverName }: Flags) {
  const { readConfiguration } = await import('../configuration.ts');
  const config = await readConfiguration(file, {
    ...(clusterId !== undefined && { clusterId }),
    ...(driverName !== undefined && { driverName }),
  });
  const [{ createLogger }, { openBackend }, { identity }, { replicaPairs }] = await Promise.all([
    import('../../observability/log.ts'),
    import('../backends.ts'),
    import('../../storage/identity.ts'),
    import('../replicators.ts'),
  ]);
  const { owners } = identity(config.driverName, config.clusterId, config.adoptedClusterIds);
  const logger = createLogger('error');
  const backends = config.backends.map((backend) => openBackend(backend, owners, logger));
  const pairs = replicaPairs(config.backends, backends);
  if (pairs.length === 0) throw new Error('no pool of the configuration has a replica (docs/guides/second-rds.md)');
  const close = async (): Promise<void> => {
    await Promise.all(backends.map(({ rds }) => rds.close()));
  };
  return { config, pairs, close };
}
