/** Writes the tables of docs/errors.md, docs/events.md and docs/health.md that list failures and conditions, from their catalogue. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { status } from '@grpc/grpc-js';
import { codes } from '../src/csi/status.ts';
import { FAILURES } from '../src/failures/catalogue.ts';
import { CONDITIONS, type ConditionMeaning } from '../src/failures/conditions.ts';
import { CONNECTION } from '../src/failures/connection.ts';
import { DEVICES } from '../src/failures/devices.ts';
import { DISKS } from '../src/failures/disks.ts';
import { DRIVER } from '../src/failures/driver.ts';
import { EVENTS, type EventMeaning } from '../src/failures/events.ts';
import type { Failure } from '../src/failures/failure.ts';
import { FILESYSTEMS } from '../src/failures/filesystems.ts';
import { POOLS } from '../src/failures/pools.ts';
import { REPLICAS } from '../src/failures/replicas.ts';
import { SOURCES } from '../src/failures/sources.ts';

const DOCS = join(import.meta.dirname, '../docs');
const BEGIN = '<!-- Made by node scripts/failure-tables.ts -->\n';
/** What to do where the message itself says it. */
const FOLLOW = 'Follow the message.';
const END = '<!-- End of what is made -->\n';

/** The catalogue, as the page is divided. */
const SECTIONS: Readonly<Record<string, Readonly<Record<string, Failure>>>> = {
  'The way to the RDS': CONNECTION,
  Pools: POOLS,
  'Sources of restores and snapshots': SOURCES,
  'Copies on a second RDS': REPLICAS,
  'Volumes on the RDS': DISKS,
  'The driver itself': DRIVER,
  'Devices on a node': DEVICES,
  'Filesystems on a node': FILESYSTEMS,
};

/** Pages with such tables, by their path, each as it has to be. */
export function pagesWithFailures(): ReadonlyMap<string, string> {
  return new Map([
    withTables('errors.md', errorTables()),
    withTables('events.md', eventTable()),
    withTables('health.md', conditionTable()),
  ]);
}

function withTables(name: string, tables: string): readonly [string, string] {
  const path = join(DOCS, name);
  const [before, rest = ''] = readFileSync(path, 'utf8').split(BEGIN);
  const after = rest.split(END)[1];
  if (after === undefined) throw new Error(`${path} does not say where its tables go`);
  return [path, `${before}${BEGIN}\n${tables}\n${END}${after}`];
}

function errorTables(): string {
  return Object.entries(SECTIONS)
    .map(([title, rows]) => {
      const lines = Object.entries(rows).map(([code, failure]) => {
        const { kind, what, event } = failure;
        const link = event === undefined ? '' : `[\`${event}\`](events.md)`;
        return `| \`${code}\` | ${status[codes[kind]]} | ${sentence(what)} | ${remedy(failure)} | ${link} |`;
      });
      const head = ['| code | gRPC | what is so | what to do | Event |', '|---|---|---|---|---|'];
      return [`### ${title}`, '', ...head, ...lines, ''].join('\n');
    })
    .join('\n');
}

function eventTable(): string {
  const lines = Object.entries<EventMeaning>(EVENTS).flatMap(([reason, { type, about, when = '', advice = '' }]) => {
    const begin = `| \`${reason}\` | ${type} | ${about.join(', ')} |`;
    const failures = Object.entries(FAILURES).filter(([, { event }]) => event === reason);
    const condition = Object.entries(CONDITIONS).find(([code]) => code === reason)?.[1];
    if (failures.length === 0 && condition !== undefined) {
      return [`${begin} | ${sentence(condition.what)} | ${condition.remedy}. [More](health.md). |`];
    }
    if (failures.length === 0) {
      const otherwise = type === 'Normal' ? 'Nothing.' : FOLLOW;
      return [`${begin} | ${when} | ${advice === '' ? otherwise : sentence(advice)} |`];
    }
    return failures.map(([code, failure]) => {
      const mark = failure.passes ? '◷ ' : '';
      return `${begin} \`${code}\` | ${mark}${sentence(failure.what)} | ${remedy(failure)} |`;
    });
  });
  const head = ['| reason | type | object | code | when | what to do |', '|---|---|---|---|---|---|'];
  return [...head, ...lines, ''].join('\n');
}

/** What CSI 1.13 calls each degree. */
const SEVERITIES: Readonly<Record<ConditionMeaning['severity'], string>> = {
  degraded: 'DEGRADED',
  inaccessible: 'INACCESSIBLE',
  dataLoss: 'DATA_LOSS',
};

function conditionTable(): string {
  const lines = Object.entries(CONDITIONS).map(([code, { about, seenBy, severity, what, remedy: next }]) => {
    return `| \`${code}\` | ${about} | ${seenBy} | ${SEVERITIES[severity]} | ${sentence(what)} | ${next}. |`;
  });
  const head = ['| condition | of a | seen by the | CSI | what is so | what to do |', '|---|---|---|---|---|---|'];
  return [...head, ...lines, ''].join('\n');
}

function remedy({ remedy: text, page }: Failure): string {
  if (text === '') return FOLLOW;
  return `${text}.${page === undefined ? '' : ` [More](${page}).`}`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [path, text] of pagesWithFailures()) writeFileSync(path, text);
}
