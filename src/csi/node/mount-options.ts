/** Mount options of a StorageClass (`mountOptions`) and of kubelet (SELinux), as they reach the node. */
import { invalid } from '../validation.ts';

/** What a filesystem is to be mounted with. */
export interface MountOptions {
  /** For mount(8), in the order given. */
  readonly options: readonly string[];
  /** `ro` was among them. It becomes a property of the published mount: the journal has to be replayed in any case. */
  readonly readOnly: boolean;
}

/** A word, or a word with a value; a value with commas is quoted, as SELinux contexts are. */
const SHAPE = /^[a-z][a-z0-9_]*(?:[-.][a-z0-9_]+)*(?:=(?:[A-Za-z0-9_.:/@%+-]+|"[A-Za-z0-9_.:,/@%+-]+"))?$/;

/** Options that would mount something else, somewhere else, or past what makes it safe, and so are none of the user's. */
const REFUSED = new Set([
  ...['bind', 'rbind', 'move', 'remount', 'loop', 'offset', 'sizelimit', 'helper', 'uhelper', 'encryption'],
  ...['shared', 'rshared', 'slave', 'rslave', 'private', 'rprivate', 'unbindable', 'runbindable'],
  ...['noload', 'norecovery', 'journal_dev', 'journal_path', 'journal_async_commit', 'logdev', 'rtdev'],
  ...['user', 'users', 'owner', 'group', 'noauto', 'nofail', 'comment', 'abort', 'init_itable', 'sb'],
]);

/** @throws StorageError (invalid) naming the option that is not offered */
export function mountOptions(field: string, flags: readonly string[]): MountOptions {
  for (const flag of flags) {
    const [name = ''] = flag.split('=');
    if (!SHAPE.test(flag) || name.startsWith('x-') || name.startsWith('verity')) {
      throw invalid(`${field}: "${flag}" does not look like a mount option (one option each, as in mount(8))`);
    }
    if (REFUSED.has(name)) throw invalid(`${field}: mount option "${name}" is not offered`);
  }
  return { options: flags.filter((flag) => flag !== 'ro' && flag !== 'rw'), readOnly: flags.includes('ro') };
}
