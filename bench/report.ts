import {
  type BudgetRow,
  type CpuMs,
  type LeftOutRow,
  type NodeRow,
  ofKind,
  type Row,
  type RpcRow,
  rpcRows,
} from './rows.ts';

/** Everything that was measured, as text; no line is longer than 100 characters. */
export function report(rows: readonly Row[]): string {
  return [
    rpcTables(rows),
    loads(rows),
    sizes(rows),
    lists(rows),
    capacity(rows),
    fullPool(rows),
    copies(rows),
    starts(rows),
    nodes(rows),
    steps(rows),
    budgets(rows),
    leftOut(rows),
  ]
    .filter((part) => part.length > 0)
    .map((part) => `${part.join('\n')}\n`)
    .join('\n');
}

/** @param columns Widths; a negative one aligns to the left. */
function line(columns: readonly number[], cells: readonly (string | number)[]): string {
  return columns
    .map((width, index) => {
      const cell = String(cells[index] ?? '');
      return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
    })
    .join('')
    .trimEnd();
}

function table(
  title: string,
  columns: readonly number[],
  head: readonly string[],
  body: readonly (readonly (string | number)[])[],
): string[] {
  return body.length === 0 ? [] : [title, line(columns, head), ...body.map((cells) => line(columns, cells))];
}

function rpcTables(rows: readonly Row[]): string[] {
  const loads = Map.groupBy(rpcRows(rows), loadOf);
  return [...loads].flatMap(([load, measured]) => [
    ...table(
      `RPCs, ${load}; ms`,
      [-28, 5, 9, 9, 11, 8, 8, 8, 13],
      ['', 'n', 'p50', 'p99', 'bare exec', 'ratio', 'rds', 'execs', 'same script'],
      measured.map(({ rpc, n, p50, p99, floorP50, ratio, rdsMs, execs, scriptP50 = '' }) => [
        rpc,
        n,
        p50,
        p99,
        floorP50,
        ratio,
        rdsMs,
        execs,
        scriptP50,
      ]),
    ),
    '',
  ]);
}

function loadOf({ backend, latencyMs }: RpcRow): string {
  return `backend ${backend}, ${latencyMs} ms latency, 1 caller`;
}

function loads(rows: readonly Row[]): string[] {
  return [...Map.groupBy(ofKind(rows, 'load'), ({ latencyMs }) => latencyMs)].flatMap(([latencyMs, measured]) => [
    ...table(
      `${measured[0]?.callers} callers at once, ${latencyMs} ms latency`,
      [-28, 5, 9, 16, 15, 14],
      ['', 'n', 'p50, ms', 'calls a second', 'the other one', 'CPU, ms'],
      measured.map(({ rpc, n, p50, perSecond, otherPerSecond = '', cpuMs }) => [
        rpc,
        n,
        p50,
        perSecond,
        otherPerSecond,
        shares(cpuMs),
      ]),
    ),
    '',
  ]);
}

/** What the processors did for one call: of the controller, the RDS and the callers. */
export function shares({ controller, rds, callers }: CpuMs): string {
  return [controller, rds, callers].map((ms) => ms.toFixed(1)).join('+');
}

function sizes(rows: readonly Row[]): string[] {
  return table(
    'Against the size of the volume, backend btrfs; p50 in ms',
    [-30, 6, 22, 24, 8],
    ['', 'n', '1 GiB, 64 MiB used', '100 GiB, 2 GiB used', 'ratio'],
    ofKind(rows, 'size').map(({ rpc, n, smallP50, largeP50, ratio }) => [rpc, n, smallP50, largeP50, ratio]),
  );
}

function lists(rows: readonly Row[]): string[] {
  return table(
    'ListSnapshots, 5 ms latency',
    [-16, 18, 16, 8, 8, 22],
    ['snapshots', 'first page, p50', 'all pages', 'pages', 'execs', 'peak memory'],
    ofKind(rows, 'list').map(({ snapshots, firstPageP50, walkMs, pages, execs, peakRssMb }) => [
      snapshots,
      `${firstPageP50} ms`,
      `${walkMs} ms`,
      pages,
      execs,
      `${peakRssMb} MB`,
    ]),
  );
}

function capacity(rows: readonly Row[]): string[] {
  return table(
    'Against the number of volumes, 5 ms latency',
    [-30, 10, 6, 12, 8],
    ['', 'volumes', 'n', 'p50, ms', 'execs'],
    ofKind(rows, 'capacity').map(({ rpc, volumes, n, p50, execs }) => [rpc, volumes, n, p50, execs]),
  );
}

function fullPool(rows: readonly Row[]): string[] {
  const all = ofKind(rows, 'full-pool');
  const [first] = all;
  if (first === undefined) return [];
  return table(
    `With ${first.volumes} volumes and ${first.snapshots} snapshots in the pool, ${first.latencyMs} ms latency`,
    [-30, 6, 12, 12, 8],
    ['', 'n', 'p50, ms', 'RDS, p50', 'execs'],
    all.map(({ rpc, n, p50, rdsP50, execs }) => [rpc, n, p50, rdsP50, execs]),
  );
}

function copies(rows: readonly Row[]): string[] {
  return [
    ...table(
      'Bytes of a copy on a second RDS, backend btrfs',
      [-16, 14, 14, 18, 8],
      ['', 'written', 'sent', 'btrfs send', 'ratio'],
      ofKind(rows, 'replica-bytes').map(({ copy, written, sent, byHand, ratio }) => [
        copy,
        written,
        sent,
        byHand,
        ratio,
      ]),
    ),
    ...ofKind(rows, 'replica-lag').flatMap((row) => [
      ...table(
        `Copies of ${row.snapshots} snapshots made at once, ${row.latencyMs} ms latency; ms`,
        [12, 15, 16, 10, 16, 8, 12],
        ['all copied', 'the other one', 'each, p50', 'by hand', 'most lag, s', 'passes', 'execs each'],
        [[row.allMs, row.otherAllMs ?? '', row.eachP50, row.byHandP50, row.maxLagSeconds, row.passes, row.execsEach]],
      ),
      `A pass when all is copied: ${row.idlePassP50} ms, ${row.idlePassExecs} execs.`,
      `Memory: ${row.rssBeforeMb} MB before, at most ${row.rssMostMb} MB.`,
    ]),
  ];
}

function starts(rows: readonly Row[]): string[] {
  return table(
    'Start of the controller, p50',
    [-50, 6, 12, 12, 14],
    ['flags of Node.js', 'n', 'serving', 'ready', 'idle memory'],
    ofKind(rows, 'start').map(({ flags, n, servingP50, readyP50, idleRssMb }) => [
      flags || 'none',
      n,
      `${servingP50} ms`,
      `${readyP50} ms`,
      `${idleRssMb} MB`,
    ]),
  );
}

function nodes(rows: readonly Row[]): string[] {
  return [
    ...table(
      'Start of the node, p50',
      [-8, 6, 12, 14],
      ['', 'n', 'serving', 'idle memory'],
      ofKind(rows, 'node-start').map(({ n, servingP50, idleRssMb }) => ['', n, `${servingP50} ms`, `${idleRssMb} MB`]),
    ),
    ...table(
      'The node, beside the same by hand; p50 in ms (nvme-tcp: two machines in an emulator)',
      [-10, -6, -20, 4, 12, 12, 8, 10],
      ['', '', '', 'n', 'p50', 'by hand', 'ratio', 'programs'],
      ofKind(rows, 'node').map(({ over, filesystem, call, n, p50, bareP50, ratio, programs }) => [
        over,
        filesystem,
        call,
        n,
        p50,
        bareP50,
        ratio,
        programs,
      ]),
    ),
  ];
}

function steps(rows: readonly Row[]): string[] {
  const isStage = ({ call }: NodeRow) => call.startsWith('NodeStage');
  const all = ofKind(rows, 'node');
  return [all.filter(isStage), all.filter((row) => !isStage(row))].flatMap((some) => {
    const names = Object.keys(some[0]?.steps ?? {}).filter((name) => some.some((row) => row.steps[name] !== 0));
    return table(
      'The node by step; p50 in ms',
      [-10, -6, -20, ...names.map((name) => Math.max(name.length + 1, 9))],
      ['', '', '', ...names],
      some.map(({ over, filesystem, call, steps: took }) => [
        over,
        filesystem,
        call,
        ...names.map((name) => took[name] || ''),
      ]),
    );
  });
}

function budgets(rows: readonly Row[]): string[] {
  return table(
    'Budgets',
    [-8, -50, -14, 0],
    [],
    ofKind(rows, 'budget').map(({ what, limit, measured, holds }: BudgetRow) => [
      holds ? 'holds' : 'MISSED',
      what,
      limit,
      measured,
    ]),
  );
}

function leftOut(rows: readonly Row[]): string[] {
  return ofKind(rows, 'left-out').map(({ section, reason }: LeftOutRow) => `NOT RUN: ${section}: ${reason}`);
}
