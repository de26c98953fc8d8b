import type { Menu, Menus } from '../console/menu.ts';
import type { MenuEffects, MenuRun } from './quirk.ts';

/** The menus of a device as quirks let them appear; the menus themselves where there are no quirks. */
export function quirkyMenus(menus: Menus, effects: readonly MenuEffects[]): Menus {
  if (effects.length === 0) return menus;
  const isHidden = (path: string) => effects.some((effect) => effect.hides?.(path) === true);
  const made = new Map<string, Menu>();
  return {
    paths: () => menus.paths().filter((path) => !isHidden(path)),
    unsimulated: () => menus.unsimulated().filter((path) => !isHidden(path)),
    find(path) {
      const menu = isHidden(path) ? undefined : menus.find(path);
      if (menu === undefined) return undefined;
      const known = made.get(path) ?? quirkyMenu(menu, effects);
      made.set(path, known);
      return known;
    },
  };
}

function quirkyMenu(menu: Menu, effects: readonly MenuEffects[]): Menu {
  const isKnown = (name: string) => !effects.some((effect) => effect.hidesArgument?.(menu.path, name) === true);
  const commands = Object.entries(menu.commands).map(([name, known]) => [name, known.filter(isKnown)] as const);
  const direct = (call: MenuRun) => menu.run(call.command, call.ids, call.args, call.user);
  const run = effects.reduceRight(
    (next, effect) => (call: MenuRun) => effect.run?.(menu, call, next) ?? next(call),
    direct,
  );
  return {
    ...menu,
    commands: Object.fromEntries(commands),
    ...(menu.properties === undefined ? {} : { properties: menu.properties.filter(isKnown) }),
    rows: async (user) =>
      effects.reduce((rows, effect) => effect.rows?.(menu.path, rows) ?? rows, await menu.rows(user)),
    run: (command, ids, args, user) => run({ command, ids, args, user }),
  };
}
