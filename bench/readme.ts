import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machine } from './machine.ts';
import { type NodeRow, ofKind, type Row, rpcRows } from './rows.ts';

const README = join(import.meta.dirname, '../README.md');
const MARKED = /<!-- bench -->\n.*?<!-- \/bench -->/s;

/** What the README shows of the RPCs; `npm run bench` shows all of them. */
const SHOWN = [
  'CreateVolume new',
  'CreateVolume restore',
  'CreateVolume clone',
  'DeleteVolume',
  'ControllerPublish',
  'ControllerExpand',
  'CreateSnapshot',
  'DeleteSnapshot',
  'ListSnapshots',
];

/** @throws Error when the README has no place for it. */
export async function writeReadme(rows: readonly Row[], date: Date): Promise<void> {
  const text = await readFile(README, 'utf8');
  if (!MARKED.test(text)) throw new Error('README.md has no lines <!-- bench --> and <!-- /bench -->');
  const part = `<!-- bench -->\n${summary(rows, date)}\n<!-- /bench -->`;
  await writeFile(
    README,
    text.replace(MARKED, () => part),
  );
}

/** The part of the README between the marks. */
function summary(rows: readonly Row[], date: Date): string {
  const day = date.toISOString().slice(0, 10);
  const budgets = ofKind(rows, 'budget');
  const missed = budgets.filter(({ holds }) => !holds);
  const verdict =
    missed.length === 0
      ? `All ${budgets.length} budgets hold.`
      : `Budgets missed: ${missed.map(({ what, limit, measured }) => `${what} ${limit}, is ${measured}`).join('; ')}.`;
  return [
    `\`npm run bench\`, ${day}, ${machine()}.`,
    'Medians in ms. The bare exec prints one constant over the same kind of SSH connection, in turn with the calls.',
    'Publish and Expand are looked at again after 100 ms. What the figures mean: [docs/benchmarks.md](docs/benchmarks.md).',
    '',
    '| | 0 ms latency | 5 ms latency | over the bare exec | execs | 16 at once, 5 ms: calls a second |',
    '|---|---|---|---|---|---|',
    ...SHOWN.flatMap((rpc) => rpcLine(rows, rpc)),
    '',
    ...nodeTable(rows),
    ...otherLines(rows),
    `- ${verdict}`,
  ].join('\n');
}

function rpcLine(rows: readonly Row[], rpc: string): string[] {
  const under = (latencyMs: number) => rpcRows(rows).find((row) => row.rpc === rpc && row.latencyMs === latencyMs);
  const crowd = ofKind(rows, 'load').find((row) => row.rpc === rpc && row.latencyMs === 5);
  const [quick, slow] = [under(0), under(5)];
  if (quick === undefined || slow === undefined || crowd === undefined) return [];
  const figures = [tenths(quick.p50), tenths(slow.p50), `× ${slow.ratio}`, slow.execs, crowd.perSecond.toFixed(0)];
  return [`| ${[rpc, ...figures].join(' | ')} |`];
}

function nodeTable(rows: readonly Row[]): string[] {
  const all = ofKind(rows, 'node');
  if (all.length === 0) return [];
  return [
    'The node beside the same done by hand (attach, mkfs where it formats, mount; umount, detach), in turn with it. Loop',
    'devices on this machine; NVMe/TCP between two machines that are emulated, where only the ratio says anything.',
    '',
    '| | | loop | by hand | ratio | NVMe/TCP, emulated | by hand | ratio | programs |',
    '|---|---|---|---|---|---|---|---|---|',
    ...[...Map.groupBy(all, ({ filesystem, call }) => `${call} | ${filesystem}`)].map(([what, group]) => {
      const figures = (over: NodeRow['over']) => {
        const row = group.find((one) => one.over === over);
        return row === undefined ? ['', '', ''] : [tenths(row.p50), tenths(row.bareP50), `× ${row.ratio}`];
      };
      return `| ${[what, ...figures('loop'), ...figures('nvme-tcp'), group.at(-1)?.programs].join(' | ')} |`;
    }),
    '',
  ];
}

function tenths(value: number): string {
  return value.toFixed(1);
}

function otherLines(rows: readonly Row[]): string[] {
  const sizes = ofKind(rows, 'size').map(
    ({ rpc, smallP50, largeP50 }) => `${rpc} ${tenths(smallP50)} and ${tenths(largeP50)} ms`,
  );
  const last = ofKind(rows, 'list').at(-1);
  const copies = ofKind(rows, 'replica-lag');
  const [start] = ofKind(rows, 'start');
  const [nodeStart] = ofKind(rows, 'node-start');
  const capacity = ofKind(rows, 'capacity').map(({ rpc, volumes, p50 }) => `${rpc} ${tenths(p50)} ms with ${volumes}`);
  return [
    ...(sizes.length === 0
      ? []
      : [`- On real Btrfs, a volume of 1 GiB (64 MiB used) and one of 100 GiB (2 GiB used): ${sizes.join(', ')}.`]),
    ...(last === undefined
      ? []
      : [
          `- ListSnapshots over ${last.snapshots}: first page ${tenths(last.firstPageP50)} ms, all ${last.pages} pages ` +
            `${(last.walkMs / 1000).toFixed(1)} s in ${last.execs} execs, at most ${last.peakRssMb.toFixed(0)} MB of memory.`,
        ]),
    ...copies.map(
      ({ snapshots, allMs, eachP50, byHandP50, execsEach }) =>
        `- Copies on a second RDS of ${snapshots} snapshots made at once: all there after ${(allMs / 1000).toFixed(0)} s, ` +
        `${tenths(eachP50)} ms each, of which the transfer by hand takes ${tenths(byHandP50)}; ${execsEach} execs each.`,
    ),
    ...(capacity.length === 0 ? [] : [`- Volumes in the pool: ${capacity.join(', ')}.`]),
    ...(nodeStart === undefined
      ? []
      : [
          `- The node serves ${nodeStart.servingP50.toFixed(0)} ms after its start and takes ${nodeStart.idleRssMb.toFixed(0)} MB when idle.`,
        ]),
    ...(start === undefined
      ? []
      : [
          `- The controller serves ${start.servingP50.toFixed(0)} ms after its start and takes ${start.idleRssMb.toFixed(0)} MB when idle.`,
        ]),
  ];
}
