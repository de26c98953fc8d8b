import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildBundle } from '../scripts/build.ts';
import { judge } from './budgets.ts';
import { capacity } from './capacity.ts';
import { fullPool } from './full-pool.ts';
import { lists } from './lists.ts';
import { load } from './load.ts';
import { machine } from './machine.ts';
import { node } from './node.ts';
import { Progress } from './progress.ts';
import { writeReadme } from './readme.ts';
import { replicas } from './replicas.ts';
import { report } from './report.ts';
import type { Row } from './rows.ts';
import { rpcs } from './rpcs.ts';
import type { Section } from './section.ts';
import { sizes } from './sizes.ts';
import { startup } from './startup.ts';
import { wire } from './wire.ts';

const SECTIONS: readonly Section[] = [rpcs, load, sizes, lists, capacity, fullPool, replicas, startup, node, wire];

const HELP = `Usage: npm run bench [-- OPTIONS]

Measures the bundled controller against a simulated RDS, each in a process of its own on this
machine, over real gRPC and real SSH. No result means anything in itself: it is to be compared
with the bare exec next to it, which is what talking to the RDS costs. A bare exec prints one
constant, in the same envelope and over the same kind of connection, and is measured in turn
with the calls, so that whatever slows the machine down slows both.

ControllerPublish, ControllerUnpublish and ControllerExpand wait 100 ms beside the RDS, which keeps
two processes from undoing each other's change (docs/decisions/0019-claim-then-export.md). Probe
asks no RDS: it shows what gRPC alone costs. Of many callers one to four are served at a time
(docs/decisions/0023-pipelining.md).

  --only NAME      one section; repeat for more:
${SECTIONS.map(({ name, about }) => `                     ${name.padEnd(9)} ${about}`).join('\n')}
  --against DIR    another checkout, in which \`npm run build\` was run: its controller is measured
                   beside this one, where there are many callers at once, or copies to be made
  --quick          few samples, in half a minute or so: whether it works, not how fast it is
  --json           one JSON object per line on standard output; the table goes to standard error
  --write-readme   after a whole run, put the result into README.md
  --help           this text

The node is measured beside the same commands typed by hand: on loop devices of this machine, and
over NVMe/TCP between two machines in an emulator, whose times are not those of any real one.

A whole run takes about twelve minutes. A missed budget is reported and is no error.
`;

try {
  const flags = readFlags();
  if (flags.help) process.stdout.write(HELP);
  else await main(flags);
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function readFlags() {
  return parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      against: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'write-readme': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}

async function main(values: ReturnType<typeof readFlags>): Promise<void> {
  const sections = chosen(values.only);
  if (values['write-readme'] && (values.quick || sections.length < SECTIONS.length)) {
    throw new Error('--write-readme takes a whole run: neither --quick nor --only');
  }
  const other = values.against === undefined ? undefined : bundleOf(values.against);
  const rows: Row[] = [];
  const add = (more: readonly Row[]) => {
    rows.push(...more);
    if (values.json) for (const row of more) process.stdout.write(`${JSON.stringify(row)}\n`);
  };
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-bench-'));
  const progress = new Progress();
  try {
    const program = await buildBundle(join(directory, 'dist'));
    for (const section of sections) {
      const show = (what: string, done: number, of: number) => progress.show(what, done, of);
      add(await section.run({ program, other, quick: values.quick, progress: show }));
      progress.end();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  add(judge(rows));
  process[values.json ? 'stderr' : 'stdout'].write(`\n${machine()}\n\n${report(rows)}`);
  if (values['write-readme']) await writeReadme(rows, new Date());
}

function bundleOf(checkout: string): string {
  const program = join(checkout, 'dist/main.js');
  if (!existsSync(program)) throw new Error(`--against ${checkout}: run \`npm run build\` there first`);
  return program;
}

function chosen(names: readonly string[]): readonly Section[] {
  const unknown = names.find((name) => !SECTIONS.some((section) => section.name === name));
  if (unknown !== undefined) {
    throw new Error(`--only ${unknown}: the sections are ${SECTIONS.map(({ name }) => name).join(', ')}`);
  }
  return names.length === 0 ? SECTIONS : SECTIONS.filter(({ name }) => names.includes(name));
}
