import { Command, Option } from 'commander';
import { identityValues } from '../../app/identity-values.ts';
import { EXIT, exitHelp } from '../../cli/exit-codes.ts';
import { withCluster, withConfig, withJson, withOverrides } from '../../cli/flags.ts';
import { helpCommand } from '../../cli/help-command.ts';
import { print, printJson, printNote } from '../../cli/output.ts';
import { columns } from '../../cli/terminal.ts';
import { UsageError } from '../../cli/usage-error.ts';
import { className, namespaceName } from '../../cli/values.ts';
import type { Opened, OrphansFlags } from './open.ts';

interface AdoptFlags extends OrphansFlags {
  readonly fsType?: string;
  readonly storageClass: string;
  readonly namespace: string;
}

interface DeleteFlags extends OrphansFlags {
  readonly yes?: boolean;
  readonly copyOf?: string;
}

const HELP = `
Compares what the backends hold under this cluster's owner, and under those in
adoptedClusterIds, with the PersistentVolumes, VolumeSnapshotContents,
VolumeAttachments, claims and VolumeSnapshots of the cluster. It changes nothing
in Kubernetes, and touches nothing on the backends that belongs to others.

Rights needed: list persistentvolumes, persistentvolumeclaims,
volumesnapshotcontents, volumesnapshots and volumeattachments.
`;

const REPORT_HELP = `
What is referred to under the name of another backend is listed apart: that
backend was renamed in the configuration, or the object is a copy on another.

At the end stands what has the name of a volume or snapshot and is neither, such
as what /disk/btrfs/transfer has brought. It is no orphan, is never deleted, and
changes nothing in the exit status.

Examples:
  rose-csi orphans report --config rose-csi.yaml
  rose-csi orphans report --config rose-csi.yaml --kubeconfig ~/.kube/x --json

What is there, compared with nothing:
  rose-csi orphans report --config rose-csi.yaml --device-only
`;

const ADOPT_HELP = `
Prints YAML and applies nothing. Everything in it is retained when its claim or
VolumeSnapshot is deleted, and no volume in it is ever formatted. Each volume is
reserved for one claim, which stands below it: that of its own name in
--namespace, or the one in the cluster that has lost it.

Examples:
  rose-csi orphans adopt --config rose-csi.yaml --fs-type ext4 \\
    --namespace apps rds1:pvc-7a0f3c52-… > volume.yaml
  rose-csi orphans adopt --config rose-csi.yaml --namespace apps \\
    rds1:snap-19d5… | kubectl apply -f -
`;

const DELETE_HELP = `
Shows each object and asks. What Kubernetes refers to, also under the name of
another backend, and what is published, is refused. With --device-only, for what
an adopted cluster made, and when the cluster refers to nothing of the same
owner or has no snapshot CRDs, the id has to be typed, whatever --yes says.

A copy on one backend of what Kubernetes refers to on another is refused, unless
--copy-of names the other one and the id is typed. It takes one id. What
/disk/btrfs/transfer has brought is not an object, and is never deleted.

Examples:
  rose-csi orphans delete --config rose-csi.yaml rds1:snap-19d5…
  rose-csi orphans delete --config rose-csi.yaml --yes --json \\
    rds1:pvc-7a0f3c52-… rds1:snap-19d5…
`;

const REPORT_EXIT = exitHelp({
  well: 'nothing to report',
  found: 'something without a reference, without its own or under another name,\n     or a reference without an object',
});
const ADOPT_EXIT = exitHelp({ well: 'printed' });
const DELETE_EXIT = exitHelp({
  well: 'all deleted',
  found: 'something was kept or refused',
  failed: 'something failed or is not on the backends, or could not run',
});

/** `rose-csi orphans`. What it needs is loaded when it runs. */
export function orphansCommand(): Command {
  return new Command('orphans')
    .description('Find, adopt or delete what the backends hold and Kubernetes does not refer to')
    .addHelpText('after', HELP)
    .addCommand(reportCommand())
    .addCommand(adoptCommand())
    .addCommand(deleteCommand())
    .helpCommand(false)
    .addCommand(helpCommand());
}

function reportCommand(): Command {
  return subcommand('report', 'Show what nothing in Kubernetes refers to')
    .addHelpText('after', `${REPORT_HELP}${REPORT_EXIT}`)
    .action((flags: OrphansFlags) => run(flags, (opened) => report(opened, flags)));
}

function adoptCommand(): Command {
  return subcommand('adopt', 'Print what brings volumes and snapshots back into Kubernetes')
    .argument('<id...>', 'as `report` shows them')
    .addOption(new Option('--fs-type <type>', 'filesystem of the volumes').choices(['ext4', 'xfs']))
    .option('--storage-class <name>', 'storageClassName of the volumes', className, '')
    .option('--namespace <name>', 'namespace of the claims and VolumeSnapshots', namespaceName, 'default')
    .addHelpText('after', `${ADOPT_HELP}${ADOPT_EXIT}`)
    .action((ids: string[], flags: AdoptFlags) => run(flags, (opened) => adopt(opened, ids, flags)));
}

function deleteCommand(): Command {
  return subcommand('delete', 'Delete volumes and snapshots that nothing refers to')
    .argument('<id...>', 'as `report` shows them')
    .option('--yes', 'do not ask')
    .addOption(
      new Option('--copy-of <id>', 'delete a copy of this, which Kubernetes refers to').conflicts('deviceOnly'),
    )
    .addHelpText('after', `${DELETE_HELP}${DELETE_EXIT}`)
    .action((ids: string[], flags: DeleteFlags) => run(flags, (opened) => remove(opened, ids, flags)));
}

function subcommand(name: string, description: string): Command {
  const command = withCluster(withConfig(new Command(name).description(description)));
  return withOverrides(withJson(command.option('--device-only', 'do not ask Kubernetes')), identityValues);
}

/** Sets the exit status to what the work came to. */
async function run(flags: OrphansFlags, work: (opened: Opened) => Promise<number>): Promise<void> {
  const { openOrphans } = await import('./open.ts');
  const opened = await openOrphans(flags);
  process.exitCode = await work(opened).finally(() => opened.close());
}

async function report({ inventory, view, config, owners }: Opened, { json }: OrphansFlags): Promise<number> {
  const [{ compare }, { backendObjects }, texts, { copiesJson, printCopies }] = await Promise.all([
    import('../comparison.ts'),
    import('../find.ts'),
    import('./report.ts'),
    import('../../app/copies.ts'),
  ]);
  const found = await inventory();
  const known = await view();
  const options = { owners, now: Date.now(), width: columns() };
  const output = (document: object, text: string) => {
    const whole = { ...document, copies: copiesJson(found.copies) };
    if (json === true) printJson(whole);
    else print(`${text}${printCopies(found.copies, options)}`);
  };
  if (known === undefined) {
    const all = backendObjects(found);
    const objects = all.map((object) => texts.objectJson(object, owners));
    output({ compared: false, objects }, texts.printObjects(all, options));
    return EXIT.well;
  }
  const comparison = compare(found, known, config.driverName);
  const { orphans, awaited, mismatches, unseen } = comparison;
  output(texts.comparisonJson(comparison, owners), texts.printComparison(comparison, options));
  return orphans.length + awaited.length + mismatches.length + unseen.length > 0 ? EXIT.found : EXIT.well;
}

async function adopt(opened: Opened, typed: readonly string[], flags: AdoptFlags): Promise<number> {
  const { doubtAboutAdopting, idsMeant, manifestFor } = await import('./adopt.ts');
  const found = { inventory: await opened.inventory(), view: await opened.view() };
  const { fsType, storageClass, namespace } = flags;
  const driver = opened.config.driverName;
  const ids = idsMeant(typed, found);
  const manifests = ids.map((id) => manifestFor(id, found, { driver, fsType, storageClass, namespace }));
  const doubt = doubtAboutAdopting(ids, found, driver);
  if (doubt !== undefined) {
    printNote(`BEWARE: ${doubt}.\nAdopt nothing that a cluster uses which still lives: both would have it.\n`);
  }
  const items = manifests.map(({ object }) => object);
  if (flags.json === true) printJson({ apiVersion: 'v1', kind: 'List', items });
  else print(manifests.map(({ text }) => text).join(''));
  return EXIT.well;
}

async function remove(opened: Opened, ids: readonly string[], { yes, json, copyOf }: DeleteFlags): Promise<number> {
  if (copyOf !== undefined && ids.length > 1) throw new UsageError('--copy-of goes with one id');
  const [{ createInterface }, { askOn, deleteObjects }] = await Promise.all([
    import('node:readline/promises'),
    import('./delete.ts'),
  ]);
  const output = json === true ? process.stderr : process.stdout;
  const lines = createInterface({ input: process.stdin, output, terminal: false });
  const tell = json === true ? printNote : print;
  const options = { yes: yes ?? false, copyOf, tell, ask: askOn(lines, tell) };
  const results = await deleteObjects(opened, ids, options).finally(() => lines.close());
  if (json === true) printJson({ objects: results.map(({ isAbsent: _, ...result }) => result) });
  if (results.some(({ outcome, isAbsent }) => outcome === 'failed' || isAbsent === true)) return EXIT.failed;
  return results.every(({ outcome }) => outcome === 'deleted') ? EXIT.well : EXIT.found;
}
