import type { Command } from './ast.ts';

/** What `:put [:parse …]` shows of a command that parses: `(evl /disk/print)` (docs/routeros.md, 1.4). */
export function describeCommand(command: Command): string {
  if (command.kind === 'builtin') {
    return `(evl /${command.name})`;
  }
  if (command.kind === 'lacking') return `(evl ${command.path})`;
  const names = [...command.args.keys(), ...command.flags].map((name) => `${name}=`);
  return `(evl ${[`${command.menu.path}/${command.command}`, ...names].join(';')})`;
}
