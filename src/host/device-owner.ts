/** Whose a mount is, by the device that it shows. */
import { basename, dirname, join } from 'node:path';
import { isNqnOf } from '../storage/ids.ts';
import type { Attachment } from './attachment.ts';
import { DEV_FILESYSTEM, PLACES, readAttribute } from './block-device.ts';
import { isFilesystem } from './found-filesystem.ts';
import type { Mount } from './mountinfo.ts';

/** Whose a block device is. `lost`: it is not there any more, or leads nowhere, and what is mounted from it is dead. */
export type Owner =
  | { readonly kind: 'volume'; readonly nqn: string }
  | { readonly kind: 'lost' }
  | { readonly kind: 'other' };

/** What is published raw, as a file of `/dev`. */
const RAW = /^(?:nvme\d+n\d+|loop\d+)$/;
const DELETED = '//deleted';

/**
 * Whether a mount is one of the volume, or of a device that is lost: of those, nothing but the path tells whose they were. What
 * shows anything else is not touched, whatever path a call names.
 */
export async function isOf(attachment: Attachment, nqn: string, mount: Mount): Promise<boolean> {
  const owner = await ownerOfMount(attachment, mount);
  return owner.kind === 'lost' || (owner.kind === 'volume' && isNqnOf(nqn, owner.nqn));
}

async function ownerOfMount(attachment: Attachment, mount: Mount): Promise<Owner> {
  const { type, root, device } = mount;
  if (isFilesystem(type)) return await attachment.ownerOf(device);
  const name = basename(root.endsWith(DELETED) ? root.slice(0, -DELETED.length) : root);
  const isRaw = device === DEV_FILESYSTEM && RAW.test(name) && (isTop(root) || root.endsWith(DELETED));
  if (!isRaw) return { kind: 'other' };
  if (root.endsWith(DELETED)) return { kind: 'lost' };
  const number = await readAttribute(join(PLACES.sys, 'class/block', name, 'dev'));
  return number === undefined ? { kind: 'lost' } : await attachment.ownerOf(number);
}

function isTop(root: string): boolean {
  return dirname(root) === '/';
}
