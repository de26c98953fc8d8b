import { Command, InvalidArgumentError, Option } from 'commander';

interface WhyFlags {
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly config?: string;
  readonly requestTimeout: number;
  readonly json?: boolean;
  readonly clusterId?: string;
  readonly driverName?: string;
}

const DEFAULT_DRIVER = 'rds.rose-csi.io';
/** How long one question to a box may take, in ms: its connection is tried several times. */
const BOX_MS = 20_000;

const HELP = `
It walks the chain from a claim to its volume, attachments, nodes, pods and the
box, or from a snapshot to its content and the box, and says where it is stuck,
why, and what to do next. It only reads, in Kubernetes and on the box.

What is asked about:
  NAME or pvc/NAME      a PersistentVolumeClaim
  vs/NAME               a VolumeSnapshot
  pv/NAME               a PersistentVolume
Long names as kubectl prints them (volumesnapshot/NAME) are understood, too.

With --config the box is asked as well: whether the volume or snapshot is there,
its size, who has it published. Without it only Kubernetes is walked.

  ✓ as it should be     … goes on by itself
  ✗ stuck               ? could not be looked at

Exit status:
  0  nothing is stuck, though something may go on by itself
  1  something is stuck
  2  it could not be found out, or could not run

Examples:
  rose-csi why data -n apps
  rose-csi why data -n apps --config rose-csi.yaml
  rose-csi why vs/monday -n apps --json | jq -r '.findings[0].command'
`;

/** `rose-csi why`. What it needs is loaded when it runs. */
export function whyCommand(): Command {
  return (
    new Command('why')
      .description('Say why a claim, volume or snapshot is stuck, and what to do next')
      .argument('<object>', 'NAME, pvc/NAME, vs/NAME or pv/NAME')
      .option('-n, --namespace <name>', 'namespace of the claim or snapshot; by default that of the context')
      .option('--config <file>', 'configuration file of the controller: ask the box, too')
      .option('--kubeconfig <file>', 'the cluster; by default the one this runs in, KUBECONFIG, or ~/.kube/config')
      .option('--context <name>', 'a context of the kubeconfig')
      .option('--request-timeout <seconds>', 'patience with each request to Kubernetes', seconds, 10)
      .option('--json', 'print one JSON object')
      .addOption(new Option('--cluster-id <id>', 'overrides clusterId').env('ROSE_CSI_CLUSTER_ID'))
      .addOption(new Option('--driver-name <name>', 'overrides driverName').env('ROSE_CSI_DRIVER_NAME'))
      .addHelpText('after', HELP)
      // A mistake in the flags is status 2, too.
      .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
      .action(async (object: string, flags: WhyFlags) => {
        try {
          process.exitCode = await why(object, flags);
        } catch (error) {
          console.error(`rose-csi why: ${error instanceof Error ? error.message : String(error)}`);
          process.exitCode = 2;
        }
      })
  );
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 3600)) throw new InvalidArgumentError('a number of seconds, above 0.');
  return value;
}

/** Prints the answer and returns the exit status. */
async function why(object: string, flags: WhyFlags): Promise<number> {
  const [{ accessFor }, { Reader }, { parseSubject }, { gather }, { answer }, { printAnswer }, { answerJson }] =
    await Promise.all([
      import('../cluster-access.ts'),
      import('../../kubernetes/reader.ts'),
      import('../../why/subject.ts'),
      import('../../why/gather.ts'),
      import('../../why/answer.ts'),
      import('../../why/text.ts'),
      import('../../why/json.ts'),
    ]);
  const subject = parseSubject(object, flags.namespace ?? '');
  const { driver, boxes } = await openBoxes(flags);
  try {
    const access = await accessFor(flags);
    const reader = new Reader(access, flags.requestTimeout * 1000, new AbortController().signal);
    const namespace = flags.namespace ?? access.namespace ?? 'default';
    const scene = await gather(reader, {
      ...{ subject: { ...subject, namespace }, driver, boxes, now: Date.now() },
      configFile: flags.config,
    });
    const asked = scene[subject.kind];
    if (asked?.is === 'unseen' && asked.right === undefined) {
      throw new Error(`Kubernetes cannot be asked: ${asked.because}`);
    }
    const told = answer(scene);
    const { stdout } = process;
    const options = { width: stdout.columns ?? 100, colour: stdout.isTTY === true && !process.env['NO_COLOR'] };
    stdout.write(flags.json === true ? `${JSON.stringify(answerJson(told))}\n` : printAnswer(told, options));
    return { fine: 0, waiting: 0, stuck: 1, unknown: 2 }[told.result];
  } finally {
    await boxes?.close();
  }
}

/** The driver's name, and the boxes when there is a configuration. */
async function openBoxes({ config: file, clusterId, driverName }: WhyFlags) {
  if (file === undefined) return { driver: driverName ?? DEFAULT_DRIVER, boxes: undefined };
  const { readConfiguration } = await import('../configuration.ts');
  const config = await readConfiguration(file, { clusterId, driverName });
  const boxes = await import('./boxes.ts');
  return { driver: config.driverName, boxes: boxes.openBoxes(config, BOX_MS) };
}
