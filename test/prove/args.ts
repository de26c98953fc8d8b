import { parseArgs } from 'node:util';

export const HELP = `Usage: npm run prove -- --chr IMAGE [OPTIONS]
       npm run prove -- --host HOST --user USER --key FILE --host-keys FILE
                        --pool LABEL [OPTIONS]
       npm run prove -- --stand-in [OPTIONS]
       npm run prove -- --apply REPORT

Proves the driver on RouterOS and writes a report that can be attached to an
issue: what the device does with each of our assumptions (the unknowns of
docs/routeros.md, 14), doctor, the story of the demo, csi-sanity, what the
component tests show, a snapshot under writes, and how fast it is.
docs/prove.md says more.

  --chr IMAGE       boot this image of a CHR (raw, chr-VERSION.img) in QEMU with
                    three empty disks, set it up as docs/install.md says, and
                    try everything; the image is not changed
  --package FILE    the storage package (rose-storage-VERSION.npk), when the
                    image lacks it
  --online          let the machine reach the network, so that it may ask
                    MikroTik for the package
  --accelerator A   kvm or tcg; by default kvm where it boots, else tcg

  --host HOST       a device that exists and is set up as docs/install.md says;
                    on scratch objects only, all of which are removed, after a
                    question
  --port N          its SSH port (22)
  --user USER, --key FILE, --host-keys FILE
                    account, private key, and the file of ssh-keyscan
  --pool LABEL      a pool that you can spare
  --nvme ADDRESS    its address in the storage network (HOST); port 4420
  --yes             do not ask

  --stand-in        boot a simulator instead of RouterOS: whether the program
                    itself works

  --apply REPORT    show what a report would change in the simulator and in
                    docs/routeros.md

  --only NAME       one suite; repeat for more
  --out DIR         where the report goes, an empty folder or a new one
                    (./rose-csi-report-DATE)
  --help            this text

Nothing is downloaded but by --online, and by what the tests of this repository
need (a kernel of Debian for the second machine, csi-sanity by Go).
`;

export type Plan =
  | { readonly mode: 'help' }
  | { readonly mode: 'apply'; readonly report: string }
  | (Common & ChrPlan)
  | (Common & HostPlan)
  | (Common & { readonly mode: 'stand-in' });

interface Common {
  /** Names of suites; all when empty. */
  readonly only: readonly string[];
  /** Folder of the report; undefined for one that is named after the time. */
  readonly out: string | undefined;
}

export interface ChrPlan {
  readonly mode: 'chr';
  readonly image: string;
  readonly package: string | undefined;
  readonly online: boolean;
  /** Undefined for what works. */
  readonly accelerator: 'kvm' | 'tcg' | undefined;
}

export interface HostPlan {
  readonly mode: 'host';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly key: string;
  readonly hostKeys: string;
  readonly pool: string;
  readonly nvme: string;
  readonly yes: boolean;
}

const string = { type: 'string' } as const;
const boolean = { type: 'boolean' } as const;
const OPTIONS = {
  chr: string,
  package: string,
  online: boolean,
  accelerator: string,
  host: string,
  port: string,
  user: string,
  key: string,
  'host-keys': string,
  pool: string,
  nvme: string,
  yes: boolean,
  'stand-in': boolean,
  apply: string,
  only: { type: 'string', multiple: true },
  out: string,
  help: boolean,
} as const;

type Flag = keyof typeof OPTIONS;

/** Flags that go with each mode, beside `--only` and `--out`. */
const OF_MODE: Readonly<Record<'chr' | 'host' | 'stand-in' | 'apply', readonly Flag[]>> = {
  chr: ['chr', 'package', 'online', 'accelerator', 'only', 'out'],
  host: ['host', 'port', 'user', 'key', 'host-keys', 'pool', 'nvme', 'yes', 'only', 'out'],
  'stand-in': ['stand-in', 'only', 'out'],
  apply: ['apply'],
};

/** @throws Error that says which flag is wrong or missing. */
export function readArgs(argv: readonly string[]): Plan {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  if (values.help) return { mode: 'help' };
  const modes = (['chr', 'host', 'stand-in', 'apply'] as const).filter((name) => values[name] !== undefined);
  const [mode] = modes;
  if (mode === undefined || modes.length > 1) throw new Error('give one of --chr, --host, --stand-in and --apply');
  const wrong = (Object.keys(values) as Flag[]).find((flag) => !OF_MODE[mode].includes(flag));
  if (wrong !== undefined) throw new Error(`--${wrong} does not go with --${mode}`);
  const required = (flag: 'chr' | 'host' | 'user' | 'key' | 'host-keys' | 'pool' | 'apply'): string => {
    const value = values[flag];
    if (value === undefined || value === '') throw new Error(`--${mode} needs --${flag}`);
    return value;
  };
  const common = { only: values.only ?? [], out: values.out };
  if (mode === 'apply') return { mode, report: required('apply') };
  if (mode === 'stand-in') return { mode, ...common };
  if (mode === 'chr') {
    const { accelerator } = values;
    if (accelerator !== undefined && accelerator !== 'kvm' && accelerator !== 'tcg') {
      throw new Error('--accelerator is kvm or tcg');
    }
    return {
      mode,
      ...common,
      image: required('chr'),
      package: values.package,
      online: values.online ?? false,
      accelerator,
    };
  }
  const host = required('host');
  const port = Number(values.port ?? 22);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error('--port is a number from 1 to 65535');
  return {
    mode,
    ...common,
    host,
    port,
    user: required('user'),
    key: required('key'),
    hostKeys: required('host-keys'),
    pool: required('pool'),
    nvme: values.nvme ?? host,
    yes: values.yes ?? false,
  };
}
