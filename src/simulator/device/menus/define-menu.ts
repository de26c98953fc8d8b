import { type Arguments, DeviceFailure, type Menu, type Row } from '../../console/menu.ts';
import { failure, notSimulated } from '../failures.ts';
import { hasCode } from '../plain-files.ts';
import type { Rds } from '../rds.ts';
import { commandsOf } from '../schema.ts';

/** Carries out one command; see {@link Menu.run}. */
export type Handler = (
  ids: readonly string[],
  args: Arguments,
  user: string | undefined,
) => Promise<string | undefined>;

export interface MenuDefinition {
  readonly path: string;
  readonly kind: 'list' | 'singleton';
  readonly nameProperty?: string;
  readonly flags?: Readonly<Record<string, string>>;
  /** What an account needs to change anything, by default `write`, and to look. */
  readonly policy?: { readonly change: string; readonly look: string };
  /** Every property that a row can have, also those that no row has now. */
  readonly properties: readonly string[];
  /** What `print` shows without `detail`. */
  readonly columns?: readonly string[];
  readonly rows: () => Promise<readonly Row[]>;
  /** The commands that are carried out. Others of the schema fail and say so. */
  readonly handlers?: Readonly<Record<string, Handler>>;
}

/** A menu with the names of its properties, against which the console checks a `proplist` or a `where`. */
export interface DeviceMenu extends Menu {
  readonly properties: readonly string[];
}

/**
 * Makes a menu from its definition: commands and arguments come from the schema, changes run one at a time, and
 * whatever goes wrong below becomes a failure of the device. An account that lacks the policy is refused.
 */
export function defineMenu(rds: Rds, definition: MenuDefinition): DeviceMenu {
  const { path, kind, nameProperty, properties, columns, rows, handlers = {}, flags = {} } = definition;
  const { policy = { change: 'write', look: 'read' } } = definition;
  const commands = commandsOf(path);
  return {
    path,
    kind,
    ...(nameProperty === undefined ? {} : { nameProperty }),
    commands,
    flags,
    properties,
    ...(columns === undefined ? {} : { columns }),
    rows: async (user) => {
      rds.accounts.require(user, policy.look);
      return rows();
    },
    async run(command, ids, args, user) {
      const accepted = commands[command];
      if (accepted === undefined) throw new DeviceFailure(`bad command name ${command}`);
      for (const name of args.keys()) if (!accepted.includes(name)) throw new DeviceFailure(`bad parameter ${name}`);
      const handler = handlers[command];
      if (handler === undefined) throw notSimulated(`${path}/${command}`);
      rds.accounts.require(user, policy.change);
      // The device may be silent here; the stricter of two reports (docs/routeros.md, 1.3).
      if (accepted.includes('numbers') && ids.length === 0) throw new DeviceFailure('expected item id');
      return rds.changes.run(() => asDevice(() => handler(ids, args, user)));
    },
  };
}

async function asDevice<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof DeviceFailure) throw error;
    if (hasCode(error, 'ENOSPC')) throw failure('No space left on device');
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeviceFailure(`action failed (6): ${reason.replace(/[^\x20-\x7E]/g, ' ')}`);
  }
}
