import { Console, type ConsoleHooks } from './console.ts';
import { type Arguments, DeviceFailure, type Menu, type Menus, type Row } from './menu.ts';
import { Duration, type Value } from './value.ts';

const printArguments = ['as-value', 'brief', 'count-only', 'detail', 'follow', 'from', 'order-by', 'proplist'];
const moreArguments = ['show-ids', 'terse', 'where', 'without-paging'];

/** A menu over an array, for specs: it stores what `add` and `set` send, and keeps a record of every call. */
class MemoryMenu implements Menu {
  readonly path: string;
  readonly kind: 'list' | 'singleton';
  readonly commands: Readonly<Record<string, readonly string[]>>;
  readonly nameProperty: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly properties: readonly string[];
  readonly calls: { command: string; ids: readonly string[]; args: Arguments }[] = [];
  items: Row[] = [];
  #nextId = 1;

  constructor(path: string, properties: readonly string[], flags: Record<string, string> = {}) {
    this.path = path;
    this.kind = 'list';
    this.properties = properties;
    this.nameProperty = properties[0] ?? 'name';
    this.flags = flags;
    this.commands = {
      add: properties,
      set: ['numbers', ...properties],
      remove: ['numbers'],
      enable: ['numbers'],
      comment: ['comment', 'numbers'],
      find: ['where'],
      get: ['as-string', 'number', 'value-name'],
      print: [...printArguments, ...moreArguments],
    };
  }

  /** Puts a row in place without a command. */
  insert(props: Readonly<Record<string, Value>>): string {
    const id = `*${(this.#nextId++).toString(16).toUpperCase()}`;
    this.items.push({ id, props: new Map(Object.entries(props)) });
    return id;
  }

  async rows(): Promise<readonly Row[]> {
    return this.items;
  }

  async run(command: string, ids: readonly string[], args: Arguments): Promise<string | undefined> {
    this.calls.push({ command, ids, args });
    if ([...args.values()].includes('refuse')) {
      throw new DeviceFailure('failure: refused');
    }
    if (command === 'add') {
      return this.insert(Object.fromEntries(args));
    }
    if (command === 'remove') {
      this.items = this.items.filter(({ id }) => !ids.includes(id));
    }
    if (command === 'set') {
      this.items = this.items.map((row) =>
        ids.includes(row.id) ? { id: row.id, props: new Map([...row.props, ...args]) } : row,
      );
    }
    return undefined;
  }
}

/** A menu with one row. */
class MemorySingleton implements Menu {
  readonly path = '/system/identity';
  readonly kind = 'singleton';
  readonly commands = { print: ['as-value', 'without-paging'], get: ['value-name'], set: ['name'] };
  readonly flags = {};
  readonly properties = ['name'];

  async rows(): Promise<readonly Row[]> {
    return [{ id: '*1', props: new Map<string, Value>([['name', 'rds']]) }];
  }

  async run(): Promise<undefined> {
    return undefined;
  }
}

/** The menus of the specs: a few disks and subvolumes, and the identity. */
export class MemoryMenus implements Menus {
  readonly disk = new MemoryMenu(
    '/disk',
    ['slot', 'type', 'size', 'file-size', 'comment', 'fs-label', 'nvme-tcp-export', 'uptime', 'mounted'],
    { mounted: 'M', 'nvme-tcp-export': 't' },
  );
  readonly subvolume = new MemoryMenu(
    '/disk/btrfs/subvolume',
    ['name', 'fs', 'parent', 'read-only', 'subvolume-id', 'dead'],
    { 'read-only': 'r', dead: 'D' },
  );
  readonly filesystem = new MemoryMenu('/disk/btrfs/filesystem', ['label', 'uuid']);
  readonly #menus: readonly Menu[] = [this.disk, this.subvolume, this.filesystem, new MemorySingleton()];

  find(path: string): Menu | undefined {
    return this.#menus.find((menu) => menu.path === path);
  }

  unsimulated(): readonly string[] {
    return ['/disk/settings', '/ip/ssh'];
  }

  paths(): readonly string[] {
    return this.#menus.map(({ path }) => path);
  }
}

/** A console over {@link MemoryMenus} with two disks. */
export function memoryConsole(hooks: ConsoleHooks = {}): { console: Console; menus: MemoryMenus } {
  const menus = new MemoryMenus();
  menus.disk.insert({
    slot: 'pool',
    type: 'hardware',
    size: 7_681_574_174_720n,
    'fs-label': 'pool',
    mounted: true,
    'nvme-tcp-export': false,
    uptime: new Duration(90_000),
  });
  menus.disk.insert({
    slot: 'pvc-1',
    type: 'file',
    size: 53_687_091_200n,
    'file-size': 53_687_091_200n,
    comment: 'one; two',
    mounted: false,
    'nvme-tcp-export': true,
  });
  return { console: new Console(menus, hooks), menus };
}

/** Runs a line and returns all that it printed. */
export async function output(line: string, { console } = memoryConsole()): Promise<string> {
  let printed = '';
  await console.run(line, (text) => {
    printed += text;
  });
  return printed;
}

/** The text that `:put` gives for an expression, without the line's end. */
export async function put(expression: string, fixture = memoryConsole()): Promise<string> {
  return (await output(`:put ${expression}`, fixture)).replace(/\r\n$/, '');
}
