import { Command } from 'commander';
import { identityValues } from '../../app/identity-values.ts';
import { AbsentError } from '../../cli/absent-error.ts';
import { exitHelp } from '../../cli/exit-codes.ts';
import { type OverrideFlags, withConfig, withJson, withOverrides } from '../../cli/flags.ts';
import { helpCommand } from '../../cli/help-command.ts';
import { print, printJson } from '../../cli/output.ts';
import { showing } from '../../cli/progress.ts';
import { columns } from '../../cli/terminal.ts';

interface ListFlags extends OverrideFlags {
  readonly config: string;
  readonly volume?: string;
  readonly json?: boolean;
}

/** Patience with all backends together, in milliseconds: 10,000 snapshots take some seconds. */
const PATIENCE_MS = 120_000;

const HELP = `
It reads the backends and nothing else: no Kubernetes is needed, and nothing is
changed.

  volume                                    10 GiB
  ├─ snapshot                               10 GiB   3d
  │  └─ volume restored from it             20 GiB        in use
  └─ volume cloned from it                  10 GiB

"gone" is a source that is no longer there, or belongs to a cluster that is not
adopted: what came from it is whole all the same. Volumes bear no time, so they
show no age.

At the end stands what has the name of a volume or snapshot and is neither, such
as what /disk/btrfs/transfer has brought, and what to do about it.

Examples:
  rose-csi snapshots ls --config rose-csi.yaml
  rose-csi snapshots ls --config rose-csi.yaml --volume rds1:pvc-7a0f3c52-…
  rose-csi snapshots ls --config rose-csi.yaml --json |
    jq -r '.. | objects | select(.kind == "snapshot") | .id'
`;

const EXIT_HELP = exitHelp({ well: 'the tree is printed', failed: 'could not run, or there is no such volume' });

/** `rose-csi snapshots`. What it needs is loaded when it runs. */
export function snapshotsCommand(): Command {
  const ls = new Command('ls').description(
    'Show the snapshots on the configured backends, with the volumes they came from and became',
  );
  withConfig(ls).option('--volume <id>', 'only what this volume or snapshot came from, itself, and what came from it');
  withJson(ls, ' instead of the tree');
  withOverrides(ls, identityValues)
    .addHelpText('after', `${HELP}${EXIT_HELP}`)
    .action(async (flags: ListFlags) => {
      await list(flags);
    });
  return new Command('snapshots')
    .description('Look at the snapshots on the configured backends')
    .addCommand(ls)
    .helpCommand(false)
    .addCommand(helpCommand());
}

/**
 * Prints the tree.
 *
 * @throws Error when an RDS cannot be read, for a part would look like the whole; AbsentError when there is no such volume.
 */
async function list({ config: file, volume: typed, json, ...overrides }: ListFlags): Promise<void> {
  const { readConfiguration } = await import('../../app/configuration.ts');
  const config = await readConfiguration(file, overrides);
  const [
    { createLogger },
    { openBackends },
    { identity },
    { StorageService },
    tree,
    { printLineage },
    { lineageJson },
    { copiesJson, printCopies },
    { idMeant },
    { inventoryOrExplain },
  ] = await Promise.all([
    import('../../observability/log.ts'),
    import('../../app/backends.ts'),
    import('../../storage/ids.ts'),
    import('../../storage/service.ts'),
    import('../lineage.ts'),
    import('../lineage-text.ts'),
    import('../lineage-json.ts'),
    import('../../app/copies.ts'),
    import('../../app/named.ts'),
    import('../../app/inventory.ts'),
  ]);
  const ours = identity(config.driverName, config.clusterId, config.adoptedClusterIds);
  const logger = createLogger('error');
  const backends = openBackends(config.backends, { owners: ours.owners, logger });
  const storage = new StorageService({ backends, identity: ours });
  const inventory = await showing('reading the volumes and snapshots …', () =>
    inventoryOrExplain(storage, PATIENCE_MS).finally(() => storage.close()),
  );
  const all = tree.lineage(inventory);
  const ids = [...tree.idsIn(all), ...inventory.copies.map(({ of }) => of)];
  const volume = typed === undefined ? undefined : idMeant(typed, ids);
  const branches = volume === undefined ? all : tree.through(all, volume);
  const copies = volume === undefined ? inventory.copies : tree.copiesThrough(inventory.copies, branches, volume);
  const nothing =
    volume === undefined
      ? 'there are no volumes and no snapshots of this cluster'
      : `neither ${volume} nor anything that came from it is on the configured backends`;
  if (volume !== undefined && branches.length + copies.length === 0) throw new AbsentError(nothing);
  if (json === true) {
    printJson({ objects: lineageJson(branches, ours.owner), copies: copiesJson(copies) });
    return;
  }
  const options = { width: columns(), now: Date.now(), owner: ours.owner };
  const objects =
    branches.length === 0
      ? `${nothing.slice(0, 1).toUpperCase()}${nothing.slice(1)}.\n`
      : printLineage(branches, options);
  print(`${objects}${printCopies(copies, options)}`);
}
