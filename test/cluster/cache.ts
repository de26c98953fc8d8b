import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where programs and images that were built are kept, outside of the checkout: `$XDG_CACHE_HOME/rose-csi-cluster`, or
 * `~/.cache/rose-csi-cluster`. Nothing in it is needed again when it is removed; it only has to be built again.
 */
export const CACHE = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'rose-csi-cluster');
