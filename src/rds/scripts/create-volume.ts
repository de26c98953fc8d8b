import { ere, ros, type Script, type ScriptBuilder, script } from '../../routeros/index.ts';
import { BYTES_AT, slotOf } from '../names.ts';
import type { Writing } from '../operation.ts';
import type { RdsSettings } from '../rds.ts';
import { freshRecord } from '../record.ts';
import type { Pool, SnapshotRef, VolumeRef } from '../refs.ts';
import { ANY_AMOUNT } from '../reservations.ts';
import { decodeMade, type ObjectState } from '../rows.ts';
import { guardedText, inSlot, proveRatio, proveSpace, slotVariable, space } from './conditions.ts';
import { addItem, attach, growTo, type Item, itemOf, readSize, reportVolume, setSize } from './disk.ts';
import { find, findOr, isAlone, named, nameOf, type ProvenPool, provePool, proveWhole, standing } from './lookup.ts';

type VolumeSource = SnapshotRef | VolumeRef;

export interface CreateVolume {
  readonly pool: Pool;
  readonly volume: VolumeRef;
  /** Full name of the subvolume; the same request gives the same name, so Btrfs itself arbitrates between racers. */
  readonly name: string;
  /** Human-readable text on the disk item. */
  readonly description: string;
  /** Bytes asked for; 0 leaves the size to the source. */
  readonly bytes: bigint;
  /** Largest acceptable size; 0 means any. */
  readonly limitBytes: bigint;
  /** What it is a copy of; undefined for an empty one. */
  readonly source: VolumeSource | undefined;
}

/** What a run knows of the volume that it makes. */
interface Making {
  readonly request: CreateVolume;
  readonly settings: RdsSettings;
  readonly pool: ProvenPool;
  /** Variable with the slot. */
  readonly slot: Script;
  /** Variable with the full name. */
  readonly name: Script;
  /** Variable with `RC-MADE ` once this very run has made the subvolume, so that a later failure says so. */
  readonly made: Script;
  /** Variable with how many bytes a copy must hold. */
  readonly least: Script;
}

/**
 * Makes a volume, or completes one that an earlier call left partial, or finds it finished: the result is looked for before
 * the source, so a retry succeeds even after the source is gone. A volume of another request (another name under the same
 * id) is left alone and reported. Only the pool that it goes to is proven: RC-NOSRC says that the source is not in there, and
 * RC-ELSEWHERE where it is, or where the volume itself is already.
 */
export function createVolume(settings: RdsSettings, request: CreateVolume): Writing<ObjectState> {
  const { volume, source } = request;
  return {
    kind: 'write',
    object: volume,
    name: `create ${request.name} in ${request.pool.label}`,
    removes: false,
    takes: space(mostBytes(request) || ANY_AMOUNT),
    script: script((s) => {
      const [pool, slot] = [provePool(s, request.pool), slotVariable(s, volume)];
      const found = source === undefined ? find(s, settings, volume) : findOr(s, settings, volume, source);
      const { row } = found;
      const here = s.let(nameOf(row));
      s.if(ros`${here}!="" and (${row}->"fs")!=${pool.label}`, () =>
        s.fail('RC-ELSEWHERE', ros`(${row}->"fs")." ".${here}`),
      );
      const [name, made, least] = [s.let(ros`${request.name}`), s.let(ros`""`), s.let(ros`1`)];
      const making = { request, settings, pool, slot, name, made, least };
      s.if(ros`!(${here}~${found.names})`, () => {
        make(s, making, row, here);
        s.set(made, ros`"RC-MADE "`);
        // Of several the caller finds out which is the volume; only one that is alone is completed here.
        const own = ros`[/disk/btrfs/subvolume find where fs=${pool.label} and ${named(found.names)}]`;
        s.if(ros`[:len ${own}]=1`, () => s.set(here, name));
      });
      s.if(ros`${here}=${name}`, () =>
        s.attempt(
          () => complete(s, making),
          (words) => s.run(ros`:error (${made}.${words})`),
        ),
      );
      reportVolume(s, slot, found, pool);
    }),
    decode: decodeMade,
  };
}

/** Makes the subvolume, for a copy from the row of the original, whose name is in a variable. */
function make(s: ScriptBuilder, making: Making, original: Script, originalName: Script): void {
  const { request, settings, pool, name, least } = making;
  const { bytes, source } = request;
  const { reserveBytes, ratioPercent, reserved = 0n } = settings;
  if (source === undefined) {
    proveSpace(s, pool, ros`${bytes + reserveBytes + reserved}`);
    proveRatio(s, pool, ros`${bytes + reserved}`, ratioPercent);
    s.run(ros`/disk/btrfs/subvolume add fs=${guardedText(pool.label, ...standing(pool))} name=${name}`);
    return;
  }
  s.if(ros`${originalName}=""`, () => s.fail('RC-NOSRC'));
  // A volume is known by its disk item, which no copy has.
  // Of a copy the driver has seen that its name is whole: its uuid says the rest.
  if (source.kind === 'snap' && source.copy === undefined) proveWhole(s, settings, source, originalName);
  measure(s, source, originalName, least);
  const most = mostBytes(request);
  if (most > 0n) s.if(ros`${least}>${most}`, () => s.fail('RC-SMALL', least));
  proveSpace(
    s,
    pool,
    bytes > 0n ? ros`(${bytes + reserveBytes + reserved}-${least})` : ros`${reserveBytes + reserved}`,
  );
  proveRatio(s, pool, bytes > 0n ? ros`${bytes + reserved}` : ros`(${least}+${reserved})`, ratioPercent);
  const home = guardedText(pool.label, ...standing(pool), isAlone(ros`(${original}->"uuid")`, originalName, pool));
  s.run(ros`/disk/btrfs/subvolume add fs=${home} parent=${originalName} name=${name}`);
}

/** Bytes that it has at most; 0 where its source decides. A limit is never below the bytes asked for. */
function mostBytes({ bytes, limitBytes }: CreateVolume): bigint {
  return bytes > 0n ? bytes : limitBytes;
}

/** Sets `least` to the bytes of the source: a snapshot has them in its name, a volume on its disk item. */
function measure(s: ScriptBuilder, source: VolumeSource, name: Script, least: Script): void {
  if (source.kind === 'snap') {
    s.set(least, ros`[:tonum [:pick ${name} ${BYTES_AT.snap} [:len ${name}]]]`);
    return;
  }
  const items = s.let(inSlot(ros`${slotOf(source)}`));
  s.if(ros`[:len ${items}]=0`, () => s.fail('RC-NODISK'));
  s.set(least, ros`[:tonum ${readSize(s, items)}]`);
}

/** Attaches the image, proves that it is there, and grows it to what was asked for. */
function complete(s: ScriptBuilder, making: Making): void {
  const { request, pool, slot, name } = making;
  const item = itemOf(s, slot, pool, name);
  if (request.source === undefined) completeEmpty(s, making, item);
  else completeCopy(s, making, item);
}

/**
 * A size of zero says that the image is empty only of one that this very run has made: any other may hold data that the RDS
 * has not looked at yet (U24). An image that an earlier run left empty is known by `/file`, which asks the filesystem; where
 * that does not say so, another process may have given it its size a moment ago.
 */
function completeEmpty(s: ScriptBuilder, { request, name, made }: Making, item: Item): void {
  const bytes = ros`${request.bytes}`;
  const attached = attach(s, item, () => {
    s.if(ros`${made}=""`, () => s.fail('RC-HALF'));
    addItem(s, item, freshRecord(request.description), ros` file-size=${bytes}`);
  });
  const image = ros`(${ere`(^|/)`}.${name}.${ere`/volume\.img$`})`;
  growTo(s, attached, bytes, {
    unread: (shown) =>
      s.if(
        ros`${shown}="0" and (${made}!="" or [:len [/file find where name~${image} and size=0]]=1)`,
        () => s.run(setSize(item, bytes)),
        () => s.fail('RC-SIZE', shown),
      ),
  });
}

function completeCopy(s: ScriptBuilder, { request, least }: Making, item: Item): void {
  const attached = attach(s, item, () => addItem(s, item, freshRecord(request.description)));
  growTo(s, attached, request.bytes > 0n ? ros`${request.bytes}` : least, {
    before: (shown) => s.if(ros`[:tonum ${shown}]<${least}`, () => s.fail('RC-EMPTY', least)),
  });
}
