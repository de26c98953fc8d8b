import { Command, InvalidArgumentError } from 'commander';
import { identityValues } from '../../app/identity-values.ts';
import { EXIT, exitHelp } from '../../cli/exit-codes.ts';
import { type ClusterFlags, type OverrideFlags, withCluster, withJson, withOverrides } from '../../cli/flags.ts';
import { print, printJson } from '../../cli/output.ts';
import { showing } from '../../cli/progress.ts';
import { columns, hasColour } from '../../cli/terminal.ts';
import { namespaceName } from '../../cli/values.ts';

interface WhyFlags extends ClusterFlags, OverrideFlags {
  readonly namespace?: string;
  readonly config?: string;
  readonly requestTimeout: number;
  readonly json?: boolean;
}

const DEFAULT_DRIVER = 'rds.rose-csi.io';
/** How long one question to an RDS may take, in ms: its connection is tried several times. */
const BACKENDS_MS = 20_000;

const HELP = `
It walks the chain from a claim to its volume, attachments, nodes, pods and the
RDS, or from a snapshot to its content and the RDS, and says where it is stuck,
why, and what to do next. It only reads, in Kubernetes and on the RDS.

What is asked about:
  NAME or pvc/NAME      a PersistentVolumeClaim
  vs/NAME               a VolumeSnapshot
  pv/NAME               a PersistentVolume
Long names as kubectl prints them (volumesnapshot/NAME) are understood, too.

With --config the RDS is asked as well: whether the volume or snapshot is there,
its size, who has it published. Without it only Kubernetes is walked.

  ✓ as it should be     … goes on by itself
  ✗ stuck               ? could not be looked at
  ! works, and is not as safe as it should be

Examples:
  rose-csi why data -n apps
  rose-csi why data -n apps --config rose-csi.yaml
  rose-csi why vs/monday -n apps --json | jq -r '.findings[0].command'
`;

const EXIT_HELP = exitHelp({
  well: 'nothing is stuck, though something may go on by itself, or be degraded',
  found: 'something is stuck',
  failed: 'it could not be found out, or could not run',
});

/** `rose-csi why`. What it needs is loaded when it runs. */
export function whyCommand(): Command {
  const command = new Command('why')
    .description('Say why a claim, volume or snapshot is stuck, and what to do next')
    .argument('<object>', 'NAME, pvc/NAME, vs/NAME or pv/NAME')
    .option(
      '-n, --namespace <name>',
      'namespace of the claim or snapshot; by default that of the context',
      namespaceName,
    )
    .option('--config <file>', 'configuration file of the controller: ask the RDS, too');
  withCluster(command).option('--request-timeout <seconds>', 'timeout of each request to Kubernetes', seconds, 10);
  return withOverrides(withJson(command), identityValues)
    .addHelpText('after', `${HELP}${EXIT_HELP}`)
    .action(async (object: string, flags: WhyFlags) => {
      process.exitCode = await why(object, flags);
    });
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 3600))
    throw new InvalidArgumentError('Write a number of seconds, above 0 and up to 3600.');
  return value;
}

/** Prints the answer and returns the exit status. */
async function why(object: string, flags: WhyFlags): Promise<number> {
  const [
    { accessFor },
    { Reader },
    { KubernetesError },
    { parseSubject },
    { gather },
    { answer },
    { printAnswer },
    { answerJson },
  ] = await Promise.all([
    import('../../app/cluster-access.ts'),
    import('../../kubernetes/reader.ts'),
    import('../../kubernetes/cluster.ts'),
    import('../subject.ts'),
    import('../gather.ts'),
    import('../answer.ts'),
    import('../text.ts'),
    import('../json.ts'),
  ]);
  const subject = parseSubject(object, flags.namespace ?? '');
  const { driver, backends } = await openConfigured(flags);
  try {
    const access = await accessFor(flags);
    const reader = new Reader(access, flags.requestTimeout * 1000, new AbortController().signal);
    const namespace = flags.namespace ?? access.namespace ?? 'default';
    const question = {
      subject: { ...subject, namespace },
      driver,
      backends,
      now: Date.now(),
      configFile: flags.config,
    };
    const cluster = await showing('walking the chain …', () => gather(reader, question));
    const asked = cluster[subject.kind];
    if (asked?.is === 'unseen' && asked.right === undefined) {
      throw new KubernetesError(`Kubernetes cannot be asked: ${asked.because}`);
    }
    const found = answer(cluster);
    const options = { width: columns(), colour: hasColour() };
    if (flags.json === true) printJson(answerJson(found));
    else print(printAnswer(found, options));
    return { fine: EXIT.well, degraded: EXIT.well, waiting: EXIT.well, stuck: EXIT.found, unknown: EXIT.failed }[
      found.result
    ];
  } finally {
    await backends?.close();
  }
}

/** The driver's name, and the backends when there is a configuration. */
async function openConfigured({ config: file, clusterId, driverName }: WhyFlags) {
  if (file === undefined) return { driver: driverName ?? DEFAULT_DRIVER, backends: undefined };
  const { readConfiguration } = await import('../../app/configuration.ts');
  const config = await readConfiguration(file, { clusterId, driverName });
  const backends = await import('./backends.ts');
  return { driver: config.driverName, backends: backends.openBackends(config, BACKENDS_MS) };
}
