import { mkdirSync } from 'node:fs';
import { NvmetTarget } from '../../../src/simulator/attach/nvmet.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/simulate.ts';
import { sh } from '../../data-plane/guest/shell.ts';
import { forward } from '../../data-plane/guest/wire.ts';
import { look } from '../../support/console.ts';
import { generateKey } from '../../support/keys.ts';
import type { Commands, Question } from './factory-console.ts';

const VERSION = '7.24.5';
const SSH_PORT = 22;
const SIMULATOR_PORT = 2222;
const DISKS: Readonly<Record<string, string>> = { virtio2: '/dev/vda', virtio3: '/dev/vdb', virtio4: '/dev/vdc' };

/** Ways in which it differs from the strict simulator, so that a report has answers of more than one kind. */
const QUIRKS: readonly string[] = [
  'exit-status-1-on-failure',
  'error-texts-other',
  'slot-limit-40',
  'default-nqn-is-slot',
  'removal-shows-dead',
  'json-numbers-as-text',
  'size-late-300ms',
  'subvolume-ids-move',
  'uptime-sub-second',
  'empty-list-passes',
  'received-uuid-zeros',
];

type Handler = (match: RegExpExecArray) => Promise<string | Question | 'restart'>;

/** What is typed on the console of the stand-in: the state of a new device, then the simulator's own menus. */
export class StandInRds implements Commands {
  readonly #address: string;
  #isStorageEnabled = false;
  #isStorageScheduled = false;
  #label: string | undefined;
  #quirks = QUIRKS;
  readonly #accounts = new Set<string>();
  #simulator: Simulator | undefined;

  /** @param address of this guest, on which SSH and NVMe/TCP are served. */
  constructor(address: string) {
    this.#address = address;
    forward(address, SSH_PORT, SIMULATOR_PORT);
  }

  /** What only a new device has, and what no menu of the simulator does; the first that fits is taken. */
  readonly #handlers: readonly (readonly [RegExp, Handler])[] = [
    [/^:put \("ROSE".*\[\/system\/package\/print /, async () => framed(this.#packages())],
    [/^:put \("ROSE".*\[\/disk\/print /, async () => framed(this.#disks())],
    [/^\/system\/package\/enable rose-storage$/, async () => this.#schedule()],
    [
      /^\/system\/package\/apply-changes$/,
      async () => question('Apply scheduled changes and reboot device?', () => this.#restart()),
    ],
    [/^\/system\/reboot$/, async () => question('Reboot, yes?', () => this.#restart())],
    [
      /^\/disk\/format (\S+) file-system=btrfs label=(\S+)$/,
      async ([, slot = '', label = '']) =>
        question('format will erase all data, continue?', () => this.#format(slot, label)),
    ],
    [/^\/ip\/ssh\/set host-key-type=ed25519$/, async () => ''],
    [/^\/ip\/ssh\/regenerate-host-key$/, async () => ''],
    [/^\/ip\/firewall\/filter\/add chain=input protocol=tcp dst-port=\d+ /, async () => ''],
    // The simulator has this account and its group from the start; here they come to be when they are added.
    [/^\/user\/group\/add name=csi policy=ssh,read,write,test$/, async () => this.#add('group')],
    [
      /^\/user\/add name=csi group=csi address=10\.0\.2\.0\/24 password="[^"]{16,}"$/,
      async () => this.#add('user', 'group'),
    ],
    [
      /^\/user\/ssh-keys\/add user=csi key="[^"]+"$/,
      async ([line]) => this.#add('key', 'user') || (await this.#menus(line)),
    ],
  ];

  async run(line: string): Promise<string | Question | 'restart'> {
    for (const [pattern, handler] of this.#handlers) {
      const match = pattern.exec(line);
      if (match !== null) return await handler(match);
    }
    return await this.#menus(line);
  }

  async #menus(line: string): Promise<string> {
    if (!this.#isStorageEnabled || this.#simulator === undefined) return `bad command name ${line} (line 1 column 1)`;
    return await look(this.#simulator, line);
  }

  #packages(): object[] {
    return [
      { name: 'routeros', version: VERSION, disabled: false },
      { name: 'rose-storage', version: VERSION, disabled: !this.#isStorageEnabled },
    ];
  }

  /** The one that it boots from, and the empty ones. */
  #disks(): object[] {
    const empty = Object.entries(DISKS).map(([slot, device]) => ({
      slot,
      type: 'hardware',
      size: Number(sh(`blockdev --getsize64 ${device}`)),
      mounted: false,
    }));
    return [{ slot: 'virtio1', type: 'hardware', size: 134_217_728, mounted: true }, ...empty];
  }

  #schedule(): string {
    this.#isStorageScheduled = true;
    return '';
  }

  #add(what: string, needs?: string): string {
    if (needs !== undefined && !this.#accounts.has(needs)) return `input does not match any value of ${needs}`;
    this.#accounts.add(what);
    return '';
  }

  async #format(slot: string, label: string): Promise<string> {
    const device = DISKS[slot];
    if (!this.#isStorageEnabled) return 'bad command name format (line 1 column 7)';
    if (device === undefined) return 'input does not match any value of disk';
    sh(`mkfs.btrfs -q -f -L ${label} ${device}`);
    if (this.#label === undefined) {
      mkdirSync(`/pools/${label}`, { recursive: true });
      sh(`mount -o noatime ${device} /pools/${label}; mkdir /pools/${label}/rds`);
      this.#label = label;
      await this.#start();
    } else {
      const isSame = label === this.#label;
      this.#quirks = isSame ? [...QUIRKS, 'two-filesystems-one-label'] : QUIRKS;
      this.#simulator?.quirks.set(this.#quirks);
    }
    return '  formatted: 100%';
  }

  async #start(): Promise<void> {
    if (this.#label === undefined) return;
    this.#simulator = await startSimulator({
      stateDir: '/root/state',
      listen: { host: '127.0.0.1', port: SIMULATOR_PORT },
      // A key that no one has: the account comes to have one by the guide.
      authorizedKeys: generateKey().publicKey,
      user: 'csi',
      identity: 'CHR',
      version: `${VERSION} (stable)`,
      backend: 'btrfs',
      pools: [{ label: this.#label, mountPoint: this.#label, path: `/pools/${this.#label}/rds` }],
      quirks: this.#quirks,
      target: await NvmetTarget.open({ address: this.#address }),
    });
  }

  async #restart(): Promise<'restart'> {
    await this.#simulator?.close();
    this.#simulator = undefined;
    this.#isStorageEnabled ||= this.#isStorageScheduled;
    await this.#start();
    return 'restart';
  }
}

function question(asks: string, yes: () => Promise<string | 'restart'>): Question {
  return { asks: `${asks} [y/N]: `, yes };
}

/** As {@link questionAbout} of setup.ts asks for it. */
function framed(rows: readonly object[]): string {
  return `ROSE<${JSON.stringify(rows)}>ESOR`;
}
