import { flag, put, RouterOsError, ros, text } from '../../routeros/index.ts';
import type { PoolCheck, PoolContext } from '../check.ts';
import { type Finding, fits, untested, unusable } from '../finding.ts';
import { addSubvolume, freeOf } from '../objects.ts';
import { row, tried } from '../script.ts';

/** The first change to a pool; when it fails no other is tried. */
export const ACCESS_CHECKS: readonly PoolCheck[] = [
  { id: 'write-access', title: 'making a subvolume', needs: 'write', run: writeAccess },
];

/** What all tests together may take for a moment, where images are preallocated (docs/routeros.md, U5). */
const ROOM_BYTES = 3n << 30n;

async function writeAccess(context: PoolContext): Promise<Finding> {
  const { console, scratch, label, backend } = context;
  const free = await freeOf(context);
  if (free === undefined || free < backend.reserve + ROOM_BYTES) {
    return untested(
      'less than 3 GiB above the reserve are free',
      'is not tested here: a full pool would harm other volumes',
    );
  }
  const name = scratch.subvolume();
  const added = await tried(console, addSubvolume(context, name));
  if (!added.ok) {
    const permission = /permission|not allowed/.test(added.words);
    return unusable(
      `refused: ${scratch.plain(added.words)}`,
      permission
        ? 'could read, and change nothing. Give the group of the account the policy write'
        : 'could not make volumes. Please report this',
    );
  }
  const found = await row(
    console,
    put(ros`[/disk/btrfs/subvolume print detail as-value proplist=name,read-only where fs=${label} and name=${name}]`),
  );
  if (text(found, 'name') !== name) {
    return fits('made, under another name: see the test of names', 'compares each name with what it sent');
  }
  if (flag(found, 'read-only')) throw new RouterOsError('failed', 'a new subvolume is read-only');
  return fits('a subvolume was made and is listed', 'makes one for each volume');
}
