import { DeviceFailure, type Menu } from '../console/menu.ts';
import type { Value } from '../console/value.ts';
import { behavior, type MenuEffects, type QuirkDefinition } from './quirk.ts';
import { withArgument, withProps } from './rows.ts';

/** What can differ in the sizes of file disks (docs/routeros.md, 4.3 and 4.4). */
export const SIZE_QUIRKS: readonly QuirkDefinition[] = [
  growth('growth-refused', 'growing an image fails', () => ({
    async run({ path }, call, next) {
      if (path === '/disk' && grows(call)) throw new DeviceFailure('failure: file-size can not be changed');
      return next(call);
    },
  })),
  growth('growth-ignored', 'growing an image is silently accepted and the size stays', () => ({
    async run({ path }, call, next) {
      const isGrowth = path === '/disk' && grows(call);
      return next(isGrowth ? { ...call, args: withArgument(call.args, 'file-size', undefined) } : call);
    },
  })),
  growth('growth-needs-unexport', 'growing an image fails while it is exported', () => ({
    async run(menu, call, next) {
      if (menu.path === '/disk' && grows(call) && (await isExported(menu, call.ids))) {
        throw new DeviceFailure('failure: disk is in use');
      }
      return next(call);
    },
  })),
  growth('growth-shown-late', 'a grown image shows its old size for 500 ms', (clock) => oldSizes(500, clock)),
  behavior('shrink-truncates', 'U3', 'a smaller `file-size` cuts the image off', { shrinks: true }),
  behavior('file-size-resizes', 'U4', '`add` with `file-size` cuts off or lengthens a file that exists', {
    fileSizeOfExisting: 'resized',
  }),
  behavior('file-size-zeroes', 'U4', '`add` with `file-size` zeroes a file that exists', {
    fileSizeOfExisting: 'zeroed',
  }),
  behavior('file-size-ignored', 'U4', '`add` with `file-size` attaches a file that exists as it is', {
    fileSizeOfExisting: 'ignored',
  }),
  behavior('images-preallocated', 'U5', 'an image takes all of its space when it is made or grown', {
    preallocates: true,
  }),
  late('size-late-300ms', 'the size of a new item is unset for 300 ms', 300),
  late('size-late-5s', 'the size of a new item is unset for 5 s', 5000),
];

function growth(name: string, summary: string, menus: (clock: () => number) => MenuEffects): QuirkDefinition {
  return { name, unknown: 'U3', summary, effects: (clock) => ({ menus: menus(clock) }) };
}

function late(name: string, summary: string, ms: number): QuirkDefinition {
  return { name, unknown: 'U24', summary, effects: (clock) => ({ menus: unsetSizes(ms, clock) }) };
}

function grows({ command, args }: { readonly command: string; readonly args: ReadonlyMap<string, Value> }): boolean {
  return command === 'set' && args.has('file-size');
}

async function isExported(menu: Menu, ids: readonly string[]): Promise<boolean> {
  return (await menu.rows()).some(({ id, props }) => ids.includes(id) && props.get('nvme-tcp-export') === true);
}

/** For so long after a change of `file-size`, items show the size that they had before. */
function oldSizes(ms: number, clock: () => number): MenuEffects {
  const old = new Map<string, { readonly size: Value | undefined; readonly until: number }>();
  return {
    async run(menu, call, next) {
      if (menu.path !== '/disk' || !grows(call)) return next(call);
      const rows = await menu.rows();
      const made = await next(call);
      for (const { id, props } of rows) {
        if (call.ids.includes(id)) old.set(id, { size: props.get('size'), until: clock() + ms });
      }
      return made;
    },
    rows: (path, rows) =>
      rows.map((row) => {
        const before = path === '/disk' ? old.get(row.id) : undefined;
        if (before === undefined || before.until <= clock()) return row;
        return withProps(row, { size: before.size, 'file-size': before.size, free: before.size });
      }),
  };
}

/** For so long after they were made, items have no size. */
function unsetSizes(ms: number, clock: () => number): MenuEffects {
  const readableAt = new Map<string, number>();
  return {
    async run({ path }, call, next) {
      const made = await next(call);
      if (path === '/disk' && made !== undefined) readableAt.set(made, clock() + ms);
      return made;
    },
    rows: (path, rows) =>
      rows.map((row) => {
        const isLate = path === '/disk' && (readableAt.get(row.id) ?? 0) > clock();
        return isLate ? withProps(row, { size: undefined, 'file-size': undefined, free: undefined }) : row;
      }),
  };
}
