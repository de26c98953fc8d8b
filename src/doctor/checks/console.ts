import { put, type RouterOsConsole, RouterOsError, ros, type Script } from '../../routeros/index.ts';
import type { RdsCheck, RdsContext } from '../check.ts';
import { differs, type Finding, fits, unusable } from '../finding.ts';
import { percentile } from '../percentile.ts';

/** What the driver needs and how far it is tried, in bytes (docs/routeros.md, U15 and U21). */
const NEEDED_COMMAND = 4096;
const COMMANDS = [2048, NEEDED_COMMAND, 8192, 16_384, 32_768];
/** An RDS that stalls with several channels is not waited for longer, in milliseconds. */
const CHANNEL_MS = 5_000;
const NEEDED_OUTPUT = 48 * 1024;
const OUTPUTS = [NEEDED_OUTPUT, 128 * 1024, 512 * 1024];

/** How the SSH console of the RDS behaves; nothing on it is changed. */
export const CONSOLE_CHECKS: readonly RdsCheck[] = [
  { id: 'exit-status', title: 'exit status of a failed command', unknown: 'U1', needs: 'read', run: exitStatus },
  { id: 'long-lines', title: 'long lines arrive whole', unknown: 'U11', needs: 'read', run: longLines },
  { id: 'json-types', title: 'numbers and booleans in JSON', unknown: 'U12', needs: 'read', run: jsonTypes },
  { id: 'command-length', title: 'longest command', unknown: 'U15', needs: 'read', run: commandLength },
  { id: 'sessions', title: 'channels and connections at once', unknown: 'U15', needs: 'read', run: sessions },
  { id: 'output-length', title: 'longest answer', unknown: 'U21', needs: 'read', run: outputLength },
  { id: 'latency', title: 'time of one command', needs: 'read', run: latency },
];

async function exitStatus({ console }: RdsContext): Promise<Finding> {
  const statuses = new Map<string, string>();
  const trials: readonly [string, Script][] = [
    ['success', ros`:put 1`],
    [':error', ros`:error "x"`],
    ['unknown menu', ros`/no-such-menu`],
    ['missing item', ros`/disk get *FFFFFF slot`],
  ];
  for (const [what, script] of trials) statuses.set(what, String((await console.send(script)).status ?? 'none'));
  const said = [...statuses].map(([what, status]) => `${what}: ${status}`).join(', ');
  const details = Object.fromEntries(statuses);
  return [...statuses.values()].every((status) => status === '0')
    ? fits(`0 whatever happens (${said})`, 'ignores it: markers in the output decide', details)
    : differs(said, 'ignores it: markers in the output decide', details);
}

async function longLines({ console }: RdsContext): Promise<Finding> {
  const length = 16_384;
  const script = ros`:local xS "x"; :for xI from=1 to=14 do={:set xS ($xS.$xS)}; :put $xS`;
  const { output } = await console.send(script);
  const line = output.toString('latin1').replace(/\r?\n$/, '');
  const first = [...line].findIndex((character) => character < ' ');
  const inserted = [...line].filter((character) => character < ' ').length;
  const letters = line.replaceAll(/[^x]/g, '').length;
  const details = { sent: length, received: letters, 'control-bytes': inserted };
  if (letters !== length) {
    const harm = 'would take answers for broken ones and never succeed';
    return unusable(`of ${length} characters ${letters} arrived`, harm, details);
  }
  if (inserted === 0) return fits(`${length} characters came in one line`, 'removes control bytes anyway', details);
  return differs(
    `control bytes were put in, first after ${first} characters`,
    'removes them before it reads JSON',
    details,
  );
}

async function jsonTypes({ console }: RdsContext): Promise<Finding> {
  const script = ros`${put(ros`{"number"=12345678901;"digits"="0042";"yes"=true;"no"=false}`)};
    ${put(ros`[/disk print detail as-value proplist=slot,size,mounted,nvme-tcp-server-nqn where mounted]`)}`;
  const rows = await console.run(script);
  const values = rows.find((candidate) => 'number' in candidate) ?? {};
  const disk = rows.find((candidate) => 'slot' in candidate) ?? {};
  const seen = {
    number: typeof values['number'],
    'string of digits': typeof values['digits'],
    boolean: typeof values['yes'],
    'size of a disk': typeof disk['size'],
    'flag of a disk': typeof disk['mounted'],
    unset: unsetForm(disk['nvme-tcp-server-nqn']),
  };
  const said = Object.entries(seen)
    .map(([what, type]) => `${what}: ${type}`)
    .join(', ');
  const expected = 'number string boolean number boolean absent';
  if (String(values['number']) !== '12345678901' || String(values['digits']) !== '0042') {
    return unusable(`${said}; values changed on the way`, 'would read wrong sizes. Please report this', seen);
  }
  return Object.values(seen).join(' ') === expected
    ? fits(said, 'reads these', seen)
    : differs(said, 'reads them anyway: numbers as digits, booleans as words, unset as nothing', seen);
}

/** What stands for a property that a drive with a filesystem on it does not have: it cannot be exported. */
function unsetForm(value: unknown): string {
  if (value === undefined) return 'absent';
  return value === null || value === '' ? JSON.stringify(value) : 'set';
}

async function commandLength({ console }: RdsContext): Promise<Finding> {
  let longest = 0;
  for (const length of COMMANDS) {
    const head = ros`:put [:len ${''}]`.text.length;
    const letters = length - head;
    const answer = await quietly(() => console.send(ros`:put [:len ${'x'.repeat(letters)}]`));
    if (answer?.output.toString('latin1').trim() !== String(letters)) break;
    longest = length;
  }
  const details = { 'longest-bytes': longest };
  if (longest < NEEDED_COMMAND) {
    return unusable(
      `${longest} bytes pass, ${NEEDED_COMMAND} do not`,
      'sends up to 4096 bytes: calls on several pools would fail. Please report this',
      details,
    );
  }
  const said =
    longest === COMMANDS.at(-1) ? `at least ${longest} bytes pass` : `${longest} bytes pass, the double does not`;
  return fits(said, 'sends at most 4096 bytes', details);
}

async function sessions(context: RdsContext): Promise<Finding> {
  const { console, backend } = context;
  const channels = await simultaneous(console, 4);
  const second = context.openConsole();
  const another = await quietly(() => second.send(ros`:put 1`));
  second.close();
  const details = { 'channels-of-4': channels, 'second-connection': another !== undefined };
  const said = `${channels} of 4 commands at once ran on one connection; a second connection was ${another === undefined ? 'refused' : 'let in'}`;
  const { maxInFlight } = backend.ssh;
  if (maxInFlight !== 'auto' && channels < Math.min(4, maxInFlight)) {
    return unusable(said, `is configured for maxInFlight ${maxInFlight}: set it to 1`, details);
  }
  if (another === undefined) {
    return differs(said, 'needs one; run one controller pod, as a second one waits until the first has gone', details);
  }
  return channels < 4
    ? differs(
        said,
        'finds out how many it can take, at the price of a timeout now and then: set maxInFlight to 1',
        details,
      )
    : fits(said, 'uses one connection, with up to 4 commands at a time unless maxInFlight says otherwise', details);
}

/** How many of so many commands at the same time were answered. */
async function simultaneous(console: RouterOsConsole, count: number): Promise<number> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const answers = await Promise.all(
    numbers.map((number) => quietly(() => console.send(ros`:delay 100ms; :put ${`channel ${number}`}`, CHANNEL_MS))),
  );
  return answers.filter((answer, index) => answer?.output.toString('latin1').trim() === `channel ${index + 1}`).length;
}

async function outputLength({ console }: RdsContext): Promise<Finding> {
  let longest = 0;
  for (const length of OUTPUTS) {
    const lines = Math.ceil(length / 1024);
    const script = ros`:local xS ${'x'.repeat(1022)}; :for xI from=1 to=${lines} do={:put $xS}; :put "the end"`;
    const answer = await quietly(() => console.send(script, 60_000));
    const text = answer?.output.toString('latin1') ?? '';
    if (text.replaceAll(/[^x]/g, '').length !== lines * 1022 || !text.trimEnd().endsWith('the end')) break;
    longest = length;
  }
  const details = { 'longest-bytes': longest };
  if (longest < NEEDED_OUTPUT) {
    return unusable(
      `an answer of ${NEEDED_OUTPUT / 1024} KiB is cut`,
      'takes it for broken, so long lists never come. Please report this',
      details,
    );
  }
  return fits(`${longest / 1024} KiB arrive whole`, 'asks for at most 48 KiB at a time', details);
}

async function latency({ console, timing }: RdsContext): Promise<Finding> {
  const times: number[] = [];
  for (let count = 0; count < timing.execs; count += 1) times.push((await console.send(ros`:put 1`)).ms);
  const details = { n: times.length, 'p50-ms': percentile(times, 50), 'p99-ms': percentile(times, 99) };
  const said = `p50 ${details['p50-ms']} ms, p99 ${details['p99-ms']} ms, n ${details.n}`;
  return details['p99-ms'] < 2_000
    ? fits(said, 'makes a snapshot or a restore with one such command', details)
    : differs(said, 'works, slowly: each call takes at least one command. Look at the load of the RDS', details);
}

/** Undefined where the RDS refused, or hung up: that is what is being tried here. */
async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RouterOsError) return undefined;
    throw error;
  }
}
