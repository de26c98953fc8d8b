import schema from './schema.json' with { type: 'json' };

/**
 * The commands of each simulated menu with the argument names they accept, as RouterOS 7.24 has them
 * (docs/routeros.md, 0.1). An argument that is not here is a `bad parameter` on the device and so here.
 */
const commandsByPath: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = schema;

/** Menus of RouterOS 7.24 below those that are simulated, or beside them, that are not (docs/routeros.md, 0.1). */
export const UNSIMULATED: readonly string[] = [
  '/disk/settings',
  '/file/rsync-daemon',
  '/file/sync',
  '/ip/ssh',
  '/system/clock/manual',
  '/system/package/local-update',
  '/system/package/update',
  '/system/resource/cpu',
  '/system/resource/hardware',
  '/system/resource/irq',
  '/user/aaa',
  '/user/active',
  '/user/settings',
];

/**
 * The commands of one menu.
 *
 * @throws Error when the menu is not in the schema, which is a mistake of this program.
 */
export function commandsOf(path: string): Readonly<Record<string, readonly string[]>> {
  const commands = commandsByPath[path];
  if (commands === undefined) throw new Error(`no schema for the menu ${path}`);
  return commands;
}
