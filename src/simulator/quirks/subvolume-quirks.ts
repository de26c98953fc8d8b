import { type Arguments, DeviceFailure, type Row } from '../console/menu.ts';
import { ItemId } from '../console/value.ts';
import type { MenuEffects, QuirkDefinition } from './quirk.ts';
import { rewritten, textOf, textOfArgument, withArgument, withProps } from './rows.ts';

const SUBVOLUME = '/disk/btrfs/subvolume';
const ROOT = '<FS_ROOT>';

/** What can differ in subvolumes (docs/routeros.md, 5.2 and 5.3). */
export const SUBVOLUME_QUIRKS: readonly QuirkDefinition[] = [
  menuQuirk('name-is-path', 'U8', '`name` of a subvolume has `<FS_ROOT>/` in front', namesAsPaths),
  menuQuirk('top-level-is-id', 'U8', '`top-level` is the number of the container', () =>
    rows((row) => (textOf(row, 'top-level') === ROOT ? withProps(row, { 'top-level': 5n }) : row)),
  ),
  menuQuirk('parent-takes-id', 'U8', '`parent=` takes the id of an item, no name', parentById),
  {
    name: 'removal-shows-dead',
    unknown: 'U9',
    summary: 'a removed subvolume is listed as `dead` for 1.5 s, and its space comes back then',
    effects: () => ({ device: { removalMs: 1500 } }),
  },
  menuQuirk(
    'removal-busy-at-first',
    'U9',
    'a subvolume is busy for 300 ms after its disk item was removed',
    busyAtFirst,
  ),
  {
    name: 'removal-while-in-use',
    unknown: 'U9',
    summary: 'a subvolume can be removed while a disk item uses a file of it',
    effects: () => ({ device: { removesUsed: true } }),
  },
  menuQuirk('creation-time-old-form', 'U10', '`creation-time` has the form `jan/02/2026 03:04:05`', () =>
    rows((row) => withProps(row, { 'creation-time': oldForm(textOf(row, 'creation-time')) })),
  ),
  menuQuirk('creation-time-unset', 'U10', '`creation-time` is never set', () =>
    rows((row) => withProps(row, { 'creation-time': undefined })),
  ),
  menuQuirk('name-limit-64', 'U19', 'a subvolume name of more than 64 characters is refused', () =>
    adding((args) => {
      if ((textOfArgument(args, 'name') ?? '').length > 64) throw new DeviceFailure('invalid value for argument name');
      return args;
    }),
  ),
  menuQuirk('name-cut-at-64', 'U19', 'a subvolume name is cut off after 64 characters', () =>
    adding((args) => rewritten(args, 'name', (name) => name.slice(0, 64))),
  ),
  menuQuirk('name-dashes-replaced', 'U19', 'dashes in a subvolume name become underscores', () =>
    adding((args) => rewritten(args, 'name', (name) => name.replaceAll('-', '_'))),
  ),
  menuQuirk('parent-limit-64', 'U19', '`parent=` matches no name of more than 64 characters', () =>
    adding((args) => {
      if ((textOfArgument(args, 'parent') ?? '').length > 64) throw noParent();
      return args;
    }),
  ),
  menuQuirk('subvolume-ids-move', 'U25', 'the id of a subvolume is its place in the list as it is now', idsAsPlaces),
  menuQuirk('received-uuid-zeros', 'U28', '`received-uuid` of what was made here is a uuid of zeros', () =>
    madeHereShows('00000000-0000-0000-0000-000000000000'),
  ),
  menuQuirk('received-uuid-dash', 'U28', '`received-uuid` of what was made here is `-`', () => madeHereShows('-')),
  menuQuirk('string-subvolume-id', undefined, '`subvolume-id` is a text', () =>
    rows((row) => withProps(row, { 'subvolume-id': String(row.props.get('subvolume-id')) })),
  ),
];

function menuQuirk(
  name: string,
  unknown: string | undefined,
  summary: string,
  menus: (clock: () => number) => MenuEffects,
): QuirkDefinition {
  return {
    name,
    ...(unknown === undefined ? {} : { unknown }),
    summary,
    effects: (clock) => ({ menus: menus(clock) }),
  };
}

function rows(change: (row: Row) => Row): MenuEffects {
  return { rows: (path, all) => (path === SUBVOLUME ? all.map(change) : all) };
}

function adding(change: (args: Arguments) => Arguments): MenuEffects {
  return {
    async run({ path }, call, next) {
      return next(path === SUBVOLUME && call.command === 'add' ? { ...call, args: change(call.args) } : call);
    },
  };
}

function madeHereShows(text: string): MenuEffects {
  return rows((row) => (row.props.has('received-uuid') ? row : withProps(row, { 'received-uuid': text })));
}

function noParent(): DeviceFailure {
  return new DeviceFailure('input does not match any value of parent');
}

function namesAsPaths(): MenuEffects {
  const prefix = `${ROOT}/`;
  const asPath = (name: string) => (name === '' || name === ROOT ? name : prefix + name);
  const asName = (path: string) => (path.startsWith(prefix) ? path.slice(prefix.length) : path);
  return {
    ...rows((row) => withProps(row, { name: asPath(textOf(row, 'name')), parent: asPath(textOf(row, 'parent')) })),
    ...adding((args) => rewritten(args, 'parent', asName)),
  };
}

function parentById(): MenuEffects {
  return {
    async run(menu, call, next) {
      const parent = menu.path === SUBVOLUME && call.command === 'add' ? call.args.get('parent') : undefined;
      if (parent === undefined || parent === '') return next(call);
      const id = parent instanceof ItemId ? parent.text : parent;
      const source = (await menu.rows()).find((row) => row.id === id);
      if (source === undefined) throw noParent();
      return next({ ...call, args: withArgument(call.args, 'parent', textOf(source, 'name')) });
    },
  };
}

function idsAsPlaces(): MenuEffects {
  const idAt = (index: number) => `*${(index + 1).toString(16).toUpperCase()}`;
  return {
    rows: (path, all) => (path === SUBVOLUME ? all.map((row, index) => ({ ...row, id: idAt(index) })) : all),
    async run(menu, call, next) {
      if (menu.path !== SUBVOLUME) return next(call);
      const real = new Map((await menu.rows()).map(({ id }, index) => [idAt(index), id]));
      return next({ ...call, ids: call.ids.map((id) => real.get(id) ?? id) });
    },
  };
}

function busyAtFirst(clock: () => number): MenuEffects {
  /** Paths of images, and until when their subvolumes are busy. */
  const busy = new Map<string, number>();
  return {
    async run(menu, call, next) {
      if (call.command !== 'remove') return next(call);
      const targets = (await menu.rows()).filter(({ id }) => call.ids.includes(id));
      if (menu.path === SUBVOLUME) {
        const held = [...busy].filter(([, until]) => until > clock()).map(([path]) => path);
        const isBusy = targets.some((row) => held.some((path) => path.includes(`/${textOf(row, 'fullname')}/`)));
        if (isBusy) throw new DeviceFailure('BTRFS_IOC_SNAP_DESTROY failed: Device or resource busy');
      }
      const removed = await next(call);
      if (menu.path === '/disk') {
        for (const row of targets) busy.set(textOf(row, 'file-path'), clock() + 300);
      }
      return removed;
    },
  };
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** As RouterOS wrote dates before 7.10 (docs/routeros.md, 9). */
function oldForm(time: string): string {
  return time.replace(/^(\d{4})-(\d{2})-(\d{2})/, (_all, year, month, day) => {
    return `${MONTHS[Number(month) - 1]}/${day}/${year}`;
  });
}
