import { textArgument } from '../arguments.ts';
import { failure } from '../failures.ts';
import type { Rds } from '../rds.ts';
import { type DeviceMenu, defineMenu, type Handler } from './define-menu.ts';
import { makeRow } from './rows.ts';

/** The device keeps its log in memory, this many lines by default; it is empty after a restart. */
const KEPT_LINES = 1000;

/** `/log`: lines are added by the commands named after their severity. */
export function logMenu(rds: Rds): DeviceMenu {
  const lines = rds.log;
  let count = 0;
  const add =
    (severity: string): Handler =>
    async (_ids, args) => {
      const message = textArgument(args, 'message');
      if (message === undefined) throw failure('message must be specified');
      count += 1;
      const id = `*${count.toString(16).toUpperCase()}`;
      lines.push(makeRow(id, { time: rds.timestamp(), topics: `script,${severity}`, message }));
      if (lines.length > KEPT_LINES) lines.shift();
      return undefined;
    };
  return defineMenu(rds, {
    path: '/log',
    kind: 'list',
    properties: ['time', 'topics', 'message', 'buffer'],
    rows: async () => [...lines],
    handlers: { info: add('info'), warning: add('warning'), error: add('error'), debug: add('debug') },
  });
}
