import { type Arguments, DeviceFailure, type Row } from '../console/menu.ts';
import type { MenuEffects, QuirkDefinition } from './quirk.ts';
import { rewritten, textOf, textOfArgument, withArgument, withProps } from './rows.ts';

const NQN = 'nvme-tcp-server-nqn';
const ALLOW = 'nvme-tcp-server-allow-host-name';

/** What can differ in slots, comments, NQNs and allow-lists (docs/routeros.md, 4.1, 4.4 and 4.6). */
export const DISK_QUIRKS: readonly QuirkDefinition[] = [
  refusal('slot-limit-24', 'U6', 'a slot of more than 24 characters is refused', 'slot', (slot) => slot.length > 24),
  {
    name: 'slot-limit-40',
    unknown: 'U6',
    summary: 'a slot of up to 40 characters is taken',
    effects: () => ({ device: { longestSlot: 40 } }),
  },
  refusal('slot-without-dashes', 'U6', 'a slot with a dash is refused', 'slot', (slot) => slot.includes('-')),
  rewriting('slot-upper-case', 'U6', 'slots become upper case', 'slot', (slot) => slot.toUpperCase()),
  {
    name: 'nqn-ignored-until-export',
    unknown: 'U7',
    summary: 'an NQN that is given before the export is dropped, and the export has the default one',
    effects: () => ({ menus: ignoredNqn() }),
  },
  {
    name: 'nqn-hidden-until-export',
    unknown: 'U7',
    summary: 'the NQN of an item that is not exported is not shown',
    effects: () => ({
      menus: diskRows((row) =>
        row.props.get('nvme-tcp-export') === true ? row : withProps(row, { [NQN]: undefined }),
      ),
    }),
  },
  {
    name: 'default-nqn-is-slot',
    unknown: 'U7',
    summary: 'the default NQN is the slot alone',
    effects: () => ({
      menus: diskRows((row) => {
        const slot = textOf(row, 'slot');
        return textOf(row, NQN) === `nqn.2000-02.com.mikrotik:${slot}` ? withProps(row, { [NQN]: slot }) : row;
      }),
    }),
  },
  refusal('comment-limit-64', 'U16', 'a comment of more than 64 bytes is refused', 'comment', isLongerThan64),
  rewriting('comment-cut-at-64', 'U16', 'a comment is cut off after 64 bytes', 'comment', (comment) =>
    Buffer.from(comment).subarray(0, 64).toString(),
  ),
  refusal('comment-ascii-only', 'U16', 'a comment with characters beyond ASCII is refused', 'comment', (comment) =>
    /[^ -~]/.test(comment),
  ),
  refusal('allow-one-host', 'U20', 'an allow-list of several hosts is refused', ALLOW, (list) => list.includes(',')),
  refusal('allow-no-nqn', 'U20', 'an NQN in the allow-list is refused', ALLOW, (list) => list.includes(':')),
];

function isLongerThan64(text: string): boolean {
  return Buffer.byteLength(text) > 64;
}

function refusal(
  name: string,
  unknown: string,
  summary: string,
  argument: string,
  isRefused: (value: string) => boolean,
): QuirkDefinition {
  const menus: MenuEffects = {
    async run({ path }, call, next) {
      const value = path === '/disk' ? textOfArgument(call.args, argument) : undefined;
      if (value !== undefined && isRefused(value)) throw new DeviceFailure(`invalid value for argument ${argument}`);
      return next(call);
    },
  };
  return { name, unknown, summary, effects: () => ({ menus }) };
}

function rewriting(
  name: string,
  unknown: string,
  summary: string,
  argument: string,
  rewrite: (value: string) => string,
): QuirkDefinition {
  const menus: MenuEffects = {
    async run({ path }, call, next) {
      return next(path === '/disk' ? { ...call, args: rewritten(call.args, argument, rewrite) } : call);
    },
  };
  return { name, unknown, summary, effects: () => ({ menus }) };
}

function diskRows(change: (row: Row) => Row): MenuEffects {
  return { rows: (path, rows) => (path === '/disk' ? rows.map(change) : rows) };
}

function ignoredNqn(): MenuEffects {
  return {
    async run({ path }, call, next) {
      const isDropped = path === '/disk' && !turnsExportOn(call.args);
      return next(isDropped ? { ...call, args: withArgument(call.args, NQN, undefined) } : call);
    },
  };
}

function turnsExportOn(args: Arguments): boolean {
  const value = args.get('nvme-tcp-export');
  return value === true || value === 'yes' || value === 'true';
}
