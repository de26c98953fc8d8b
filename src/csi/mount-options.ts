/**
 * Mount options of a StorageClass (`mountOptions`) and of kubelet (SELinux): the same rule when a volume is made and on the node, so
 * that what no node would take is refused with the claim and not with its pod.
 */

/** What a filesystem is to be mounted with. */
export interface MountOptions {
  /** For mount(8), in the order given. */
  readonly options: readonly string[];
  /** `ro` was among them. It becomes a property of the published mount: the journal has to be replayed in any case. */
  readonly readOnly: boolean;
}

/** A word, or a word with a value; a value with commas is quoted, as SELinux contexts are. */
const SHAPE = /^_?[a-z][a-z0-9_]*(?:[-.][a-z0-9_]+)*(?:=(?:[A-Za-z0-9_.:/@%+-]+|"[A-Za-z0-9_.:,/@%+-]+"))?$/;

/** Options that would mount something else, somewhere else, or past what makes it safe, and so are none of the user's. */
const REFUSED = new Set([
  'bind',
  'rbind',
  'move',
  'remount',
  'loop',
  'offset',
  'sizelimit',
  'helper',
  'uhelper',
  'encryption',
  'shared',
  'rshared',
  'slave',
  'rslave',
  'private',
  'rprivate',
  'unbindable',
  'runbindable',
  'noload',
  'norecovery',
  'journal_dev',
  'journal_path',
  'journal_async_commit',
  'logdev',
  'rtdev',
  'user',
  'users',
  'owner',
  'group',
  'comment',
  'abort',
  'init_itable',
  'sb',
]);

/** What users copy from /etc/fstab. It speaks to systemd and to `mount -a`, and says nothing here. */
const MEANINGLESS = new Set(['_netdev', 'nofail', 'auto', 'noauto', 'defaults', 'rw']);

/** Between the options of a list, not within a quoted value. */
const COMMA = /,(?=(?:[^"]*"[^"]*")*[^"]*$)/;

/** What the flags mean; each may be a list with commas, as in /etc/fstab. To be asked once {@link flagsProblem} found nothing. */
export function mountOptions(flags: readonly string[]): MountOptions {
  const all = split(flags);
  const options = all.filter((option) => option !== 'ro' && !MEANINGLESS.has(option));
  return { options, readOnly: all.includes('ro') };
}

/** Why the flags are not offered; undefined when they are. */
export function flagsProblem(flags: readonly string[]): string | undefined {
  for (const option of split(flags)) {
    const [name = ''] = option.split('=');
    if (!SHAPE.test(option) || name.startsWith('x-') || name.startsWith('verity') || isUnknownInternal(name)) {
      return `"${option}" does not look like a mount option, as in mount(8)`;
    }
    if (REFUSED.has(name)) return `mount option "${name}" is not offered`;
  }
  return undefined;
}

function split(flags: readonly string[]): string[] {
  return flags.flatMap((flag) => flag.split(COMMA)).map((option) => option.trim());
}

function isUnknownInternal(name: string): boolean {
  return name.startsWith('_') && !MEANINGLESS.has(name);
}
