import { ere, ros, type Script, type ScriptBuilder } from '../../routeros/index.ts';
import type { Share } from '../reservations.ts';
import { nameOf, type ProvenPool } from './lookup.ts';

/** What must hold before something is done to an object, or to a pool. */

/**
 * Refuses with RC-OWNER unless the object belongs to one of the owners; what does not exist does.
 *
 * @param ours The expression for names of the object that are ours.
 */
export function proveOwned(s: ScriptBuilder, row: Script, ours: Script): void {
  s.if(ros`[:len ${row}]>0 and !(${nameOf(row)}~${ours})`, () => s.fail('RC-OWNER', ros`(${row}->"name")`));
}

/** So many bytes: of the RDS and not of one pool, as it is not known before in which pool a volume is. */
export function space(amount: bigint): Share {
  return { of: 'space', amount };
}

/** Refuses with RC-SPACE unless the pool has `bytes` free, the reserve included, and is known to. */
export function proveSpace(s: ScriptBuilder, pool: ProvenPool, bytes: Script): void {
  const [free, needed] = [s.let(ros`[:tonum [/disk get ${pool.disk} free]]`), s.let(bytes)];
  s.if(ros`!(${free}>=${needed})`, () => s.fail('RC-SPACE', ros`${free}." of ".${needed}`));
}

/** `more` and the sizes of all images in the pool that is mounted there, in bytes: what was promised to their users. */
export function sumPromises(s: ScriptBuilder, mountPoint: Script, more: Script): Script {
  const sum = s.let(more);
  s.each(ros`[/disk print detail as-value where size>0 and file-path~(${ere`^/*`}.${mountPoint}."/")]`, (row) =>
    s.set(sum, ros`(${sum}+[:tonum (${row}->"size")])`),
  );
  return sum;
}

/**
 * Refuses with RC-PROMISE when the pool would have promised more than `ratioPercent` of its size with `bytes` more; without
 * a ratio anything goes.
 */
export function proveRatio(s: ScriptBuilder, pool: ProvenPool, bytes: Script, ratioPercent: bigint | undefined): void {
  if (ratioPercent === undefined) return;
  const promised = sumPromises(s, pool.mountPoint, bytes);
  const most = s.let(ros`([:tonum [/disk get ${pool.disk} size]]/100*${ratioPercent})`);
  s.if(ros`!(${promised}<=${most})`, () => s.fail('RC-PROMISE', ros`${promised}." of ".${most}`));
}
