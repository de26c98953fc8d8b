import { NODE_FLAGS } from '../scripts/node-flags.ts';
import { shares } from './report.ts';
import { type BudgetRow, ofKind, type Row, rpcRows } from './rows.ts';
import { round } from './statistics.ts';

/** RPCs that may not need more than one exec when nothing goes wrong; lists need one for each page. */
const MAX_EXECS = 1;
/** Those whose change is believed when it still stands after a moment (docs/decisions/0017-late-writes.md). */
const LOOKED_AT_TWICE: ReadonlySet<string> = new Set(['ControllerPublish', 'ControllerUnpublish', 'ControllerExpand']);
/** Of CreateSnapshot over an exec of its own script: what gRPC and the driver may take. */
const MAX_SNAPSHOT_RATIO = 1.15;
/** Calls a second of 16 callers at 5 ms latency. */
const LEAST_PER_SECOND: Readonly<Record<string, number>> = {
  'CreateVolume new': 360,
  CreateSnapshot: 260,
  DeleteVolume: 210,
  DeleteSnapshot: 200,
  ControllerPublish: 100,
  ControllerUnpublish: 100,
  ControllerExpand: 100,
};
/** The large volume holds 32 times the data: a copy would show, the spread of the samples does not. */
const MAX_SIZE_RATIO = 1.25;
/** Of a copy over `btrfs send` of the same: a wrong parent, or none, would show. */
const MAX_SENT_RATIO = 1.02;
/** What the driver may add to the transfer of a snapshot: it looks after 0.2 s, and waits ten times what looking takes. */
const MAX_COPY_OVERHEAD_MS = 600;
/** Looks at both sides, the removal of a row, what the receiver needs, the next row; each look is three commands. */
const MAX_COPY_EXECS = 12;
const MAX_COPYING_MB = 40;
const MAX_IDLE_MB = 90;
const MAX_SERVING_MS = 500;
const MAX_IDLE_NODE_MB = 68;

/** Judges what was measured; what was not has no verdict. */
export function judge(rows: readonly Row[]): BudgetRow[] {
  return [
    ...execs(rows),
    ...snapshotRatio(rows),
    ...throughput(rows),
    ...flatness(rows),
    ...pages(rows),
    ...copies(rows),
    ...start(rows),
    ...nodeStart(rows),
  ];
}

function verdict(what: string, limit: string, measured: string, holds: boolean): BudgetRow {
  return { kind: 'budget', what, limit, measured, holds };
}

function execs(rows: readonly Row[]): BudgetRow[] {
  const measured = [...rpcRows(rows), ...ofKind(rows, 'capacity')];
  if (measured.length === 0) return [];
  const over = [
    ...new Set(
      measured.filter((row) => row.execs > (LOOKED_AT_TWICE.has(row.rpc) ? 2 : MAX_EXECS)).map(({ rpc }) => rpc),
    ),
  ];
  const most = Math.max(...measured.map((row) => row.execs));
  const figure = over.length === 0 ? `at most ${most}` : `${most} for ${over.join(', ')}`;
  return [verdict('execs for one RPC; 2 where its change settles', `≤ ${MAX_EXECS}`, figure, over.length === 0)];
}

function snapshotRatio(rows: readonly Row[]): BudgetRow[] {
  const row = rpcRows(rows).find(({ rpc, latencyMs }) => rpc === 'CreateSnapshot' && latencyMs === 5);
  if (row?.scriptP50 === undefined) return [];
  const ratio = round(row.p50 / row.scriptP50);
  const figure = `${ratio} (${row.p50} ms over ${row.scriptP50} ms)`;
  const what = 'CreateSnapshot over its script, p50, 5 ms latency';
  return [verdict(what, `≤ ${MAX_SNAPSHOT_RATIO}`, figure, ratio <= MAX_SNAPSHOT_RATIO)];
}

function throughput(rows: readonly Row[]): BudgetRow[] {
  return ofKind(rows, 'load').flatMap(({ rpc, latencyMs, callers, perSecond, cpuMs }) => {
    const least = LEAST_PER_SECOND[rpc];
    if (least === undefined || latencyMs !== 5) return [];
    const what = `${rpc}, ${callers} callers, 5 ms latency`;
    // The three share the processors of this machine: so many milliseconds a call are what it could do at best.
    const figure = `${perSecond}/s; CPU ${shares(cpuMs)} ms`;
    return [verdict(what, `≥ ${least}/s`, figure, perSecond >= least)];
  });
}

function flatness(rows: readonly Row[]): BudgetRow[] {
  return ofKind(rows, 'size').map(({ rpc, ratio }) =>
    verdict(`${rpc}, 100 GiB over 1 GiB, btrfs`, `flat: ≤ ${MAX_SIZE_RATIO}`, `${ratio}`, ratio <= MAX_SIZE_RATIO),
  );
}

function pages(rows: readonly Row[]): BudgetRow[] {
  return ofKind(rows, 'list').map(({ snapshots, execs, pages }) => {
    const what = `execs for a list of ${snapshots} snapshots in ${pages} pages`;
    return verdict(what, '1 a page', `${execs}`, execs === pages);
  });
}

function copies(rows: readonly Row[]): BudgetRow[] {
  const sent = ofKind(rows, 'replica-bytes').map(({ copy, ratio }) =>
    verdict(`bytes of a copy, ${copy}, over btrfs send`, `≤ ${MAX_SENT_RATIO}`, `${ratio}`, ratio <= MAX_SENT_RATIO),
  );
  const made = ofKind(rows, 'replica-lag').flatMap((row) => {
    const overhead = round(row.eachP50 - row.byHandP50);
    const grown = round(row.rssMostMb - row.rssBeforeMb);
    const of = `${row.snapshots} copies`;
    return [
      verdict(
        `${of}, each over its transfer by hand`,
        `≤ ${MAX_COPY_OVERHEAD_MS} ms`,
        `${overhead} ms`,
        overhead <= MAX_COPY_OVERHEAD_MS,
      ),
      verdict(`${of}, execs for each`, `≤ ${MAX_COPY_EXECS}`, `${row.execsEach}`, row.execsEach <= MAX_COPY_EXECS),
      verdict(`${of}, memory on top`, `≤ ${MAX_COPYING_MB} MB`, `${grown} MB`, grown <= MAX_COPYING_MB),
    ];
  });
  return [...sent, ...made];
}

function start(rows: readonly Row[]): BudgetRow[] {
  return ofKind(rows, 'start')
    .filter(({ flags }) => flags === NODE_FLAGS.join(' '))
    .flatMap(({ idleRssMb, servingP50 }) => [
      verdict('memory of an idle controller', `≤ ${MAX_IDLE_MB} MB`, `${idleRssMb} MB`, idleRssMb <= MAX_IDLE_MB),
      verdict('start to serving', `≤ ${MAX_SERVING_MS} ms`, `${servingP50} ms`, servingP50 <= MAX_SERVING_MS),
    ]);
}

function nodeStart(rows: readonly Row[]): BudgetRow[] {
  return ofKind(rows, 'node-start').flatMap(({ idleRssMb, servingP50 }) => [
    verdict('memory of an idle node', `≤ ${MAX_IDLE_NODE_MB} MB`, `${idleRssMb} MB`, idleRssMb <= MAX_IDLE_NODE_MB),
    verdict('start of the node to serving', `≤ ${MAX_SERVING_MS} ms`, `${servingP50} ms`, servingP50 <= MAX_SERVING_MS),
  ]);
}
