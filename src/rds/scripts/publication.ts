import { ere, integer, ros, type Script, type ScriptBuilder, script } from '../../routeros/index.ts';
import { RdsError } from '../errors.ts';
import { ownedBy } from '../names.ts';
import type { Writing } from '../operation.ts';
import type { RdsSettings } from '../rds.ts';
import {
  ENTRIES_AT,
  ENTRY_BYTES,
  entryUpToToken,
  freshRecord,
  HEADER,
  MAX_COMMENT,
  MAX_WORDS,
  type Publication,
  REATTACHED,
  record as recordOf,
  TOKEN_AT,
  TOKEN_BYTES,
} from '../record.ts';
import { type HostId, nqnOf, publicationNqn, type VolumeRef } from '../refs.ts';
import { type DiskRow, decodeObject } from '../rows.ts';
import { guarded, inSlot, slotVariable } from './conditions.ts';
import { addItem, EXPORTED_PROPERTIES, itemOf, readSize, reportDisk, textOf } from './disk.ts';
import { locate, nameOf } from './lookup.ts';
import { isTrue } from './removal.ts';
import { openVolume, sizedDisk, strangeExport } from './volume.ts';

/** A comment that is a record. */
const RECORD = ere`^${HEADER}[0-9a-f]+ `;
/** Entries that name a node. */
const SOME_NODE = ere`^[0-9a-f]`;
const ONE_NODE = ere`^[0-9a-f-]+:.:[0-9a-f]+ \|`;
const ONE_SHARED_NODE = ere`^[0-9a-f-]+:s:[0-9a-f]+ \|`;

/**
 * Records the node on the disk item, and exports nothing: that is for {@link exportVolume}, once the record has stood.
 * Refuses with RC-SIZE while the image has no size: it may not be there yet, or not any more. Refuses when another node has
 * the volume, unless both share a raw block volume and there is room for a second node. Also where the node has it already,
 * the record gets a new generation, so that no one takes it away who has read it before.
 *
 * @param publication Its token is taken where no node is recorded; else that of the record is kept.
 * @param isRestricted Whether the export is for one host NQN, so that no second node can share it (U20).
 * @returns the entry of the node, as it was written
 */
export function claimVolume(
  settings: RdsSettings,
  volume: VolumeRef,
  publication: Publication,
  isRestricted: boolean,
): Writing<Publication> {
  const entry = entryUpToToken(publication);
  return {
    kind: 'write',
    object: volume,
    name: nameOfPublication(publication),
    removes: false,
    script: script((s) => {
      const item = openVolume(s, settings, volume);
      const [comment, exported] = [s.let(textOf(item.id, ros`comment`)), s.let(textOf(item.id, ros`nvme-tcp-export`))];
      const entries = entriesOf(s, comment);
      const token = s.let(ros`${publication.token}`);
      const takeToken = (position: Script): void =>
        s.set(token, ros`[:pick ${entries} (${position}+${TOKEN_AT}) (${position}+${TOKEN_AT + TOKEN_BYTES})]`);
      const place = s.let(ros`[:find ${entries} ${entry}]`);
      s.if(
        ros`[:typeof ${place}]="num"`,
        () => {
          // An export for one host is none for the other one, who had it before that was asked for.
          if (isRestricted) s.if(ros`!(${entries}~${ONE_NODE})`, () => s.fail('RC-PUB', comment));
          takeToken(place);
        },
        () => {
          s.if(ros`${entries}~${ere`${publication.hostId}:`}`, () => s.fail('RC-MODE'));
          s.if(
            ros`${entries}~${SOME_NODE}`,
            () => {
              if (publication.mode === 's' && !isRestricted) {
                s.if(ros`!(${entries}~${ONE_SHARED_NODE})`, () => s.fail('RC-PUB', comment));
                takeToken(ros`0`);
              } else {
                s.fail('RC-PUB', comment);
              }
            },
            () => s.if(isTrue(exported), () => strangeExport(s, item.id, comment)),
          );
          s.set(entries, ros`(${entry}.${token}." ".[:pick ${entries} 0 ${MAX_COMMENT - ENTRIES_AT - ENTRY_BYTES}])`);
        },
      );
      readSize(s, item.id);
      const record = s.let(recordOf(entries));
      writeRecord(s, item.slot, comment, record);
      proveWritten(s, item.id, record);
      s.run(reportDisk(item.slot));
    }),
    decode(rows) {
      const { disk } = decodeObject(rows);
      const claimed = disk?.publications.find(({ hostId }) => hostId === publication.hostId);
      if (claimed === undefined) throw new RdsError('RC-RACE', '');
      return claimed;
    },
  };
}

/** A disk item that is exported. */
export interface ExportedDisk extends DiskRow {
  /** TCP port. */
  readonly port: number;
}

/**
 * Turns the export on for a node that is recorded, under an NQN that ends in the token of its entry; refuses with RC-RACE when
 * the entry is not there. An export that is on is not touched. So whatever the RDS holds up, and for how long: no two nodes
 * ever get an answer that they have the volume alone (docs/decisions/0019).
 *
 * @param publication As {@link claimVolume} returned it.
 * @param allowHost Host NQN for `nvme-tcp-server-allow-host-name`; undefined leaves the allow-list alone (U20).
 * @returns the disk item, with the port that it is exported on: an export that is on keeps its own, also where another one is configured
 *   since; its decoder throws RdsError RC-NQN when it is exported under another NQN, and RC-SIZE.
 */
export function exportVolume(
  { port }: RdsSettings,
  volume: VolumeRef,
  publication: Publication,
  allowHost: string | undefined,
): Writing<ExportedDisk | undefined> {
  const { hostId, token } = publication;
  const nqn = publicationNqn(nqnOf(volume.uuid), token);
  const allow = allowHost === undefined ? ros`` : ros`nvme-tcp-server-allow-host-name=${allowHost}`;
  const mine = ere`${`${entryUpToToken(publication)}${token} `}`;
  return {
    kind: 'write',
    object: volume,
    name: nameOfPublication(publication),
    removes: false,
    script: script((s) => {
      const slot = slotVariable(s, volume);
      s.each(inSlot(slot), (item) => {
        const comment = s.let(textOf(item, ros`comment`));
        s.if(ros`!(${comment}~${mine})`, () => s.fail('RC-RACE'));
        s.if(ros`!(${isTrue(textOf(item, ros`nvme-tcp-export`))})`, () =>
          s.run(
            ros`/disk set ${asRead(slot, comment)} ${allow} mount-filesystem=no nvme-tcp-server-nqn=${nqn}
              nvme-tcp-server-port=${port} nvme-tcp-export=yes`,
          ),
        );
        // Taken off meanwhile by someone who saw no export: unless another node shares it, this one would be no one's.
        const now = s.let(textOf(item, ros`comment`));
        s.if(ros`!(${now}~${ere`:${token} `})`, () =>
          turnOff(s, item, guarded(ros`/disk find where slot=${slot} and nvme-tcp-server-nqn=${nqn}`)),
        );
        s.if(ros`!(${now}~${mine})`, () => s.fail('RC-RACE'));
      });
      s.run(reportDisk(slot, ros`${EXPORTED_PROPERTIES},nvme-tcp-server-port`));
    }),
    decode(rows) {
      const disk = sizedDisk(rows);
      proveNqn(disk, volume, hostId);
      const shown = rows.map((row) => integer(row, 'nvme-tcp-server-port')).find((found) => found !== undefined);
      return disk && { ...disk, port: shown === undefined ? port : Number(shown) };
    },
  };
}

/** The same for both steps of a publication: the second cannot be in the way of a first one whose answer was lost. */
function nameOfPublication({ hostId, token }: Publication): string {
  return `publish ${hostId} ${token}`;
}

/** @throws RdsError RC-NQN when the export has another NQN than its record says. */
function proveNqn(disk: DiskRow | undefined, volume: VolumeRef, hostId: HostId): void {
  const entry = disk?.publications.find((node) => node.hostId === hostId);
  if (disk === undefined || entry === undefined || !disk.exported) return;
  const nqn = publicationNqn(nqnOf(volume.uuid), entry.token);
  if (disk.nqn !== nqn) throw new RdsError('RC-NQN', `${disk.slot}: "${disk.nqn}" instead of ${nqn}`);
}

/**
 * The entries of a record with the words behind them. A comment that is none of ours has words alone, and of those so many that
 * no entry of a record is among them that someone has written something in front of.
 */
function entriesOf(s: ScriptBuilder, comment: Script): Script {
  const entries = s.let(ros`("| ".[:pick ${comment} 0 ${MAX_WORDS}])`);
  s.if(ros`${comment}~${RECORD}`, () => s.set(entries, ros`[:pick ${comment} ${ENTRIES_AT} ${MAX_COMMENT}]`));
  return entries;
}

/** Writes a record in the place of the one that was read. */
function writeRecord(s: ScriptBuilder, slot: Script, read: Script, record: Script): void {
  s.run(ros`/disk set ${asRead(slot, read)} comment=${record}`);
}

/** The disk item while its comment is still the one that was read. */
function asRead(slot: Script, comment: Script): Script {
  return guarded(ros`/disk find where slot=${slot} and comment=${comment}`);
}

/** Refuses with RC-RACE unless the record is there: another process was faster, or the script was late. */
function proveWritten(s: ScriptBuilder, item: Script, record: Script): void {
  s.if(ros`${textOf(item, ros`comment`)}!=${record}`, () => s.fail('RC-RACE'));
}

/**
 * Takes the node, or every node, off the disk item: first it turns the export off, when no other node is left, then it cuts
 * the entry out of the record, in a statement of its own, and then it looks at the export once more: see {@link exportVolume}. An export that is not under the token
 * of the entry is left on: it is that of another node, over whose record someone has written. A volume that does not exist
 * is unpublished. The record gets a new generation also where the node was not on it; and a lost disk item is attached again,
 * if it can be, for the same reason: a publication that is under way finds that someone was here, and does nothing.
 *
 * @param hostId The node's host id; undefined unpublishes from every node.
 */
export function unpublishVolume(
  settings: RdsSettings,
  volume: VolumeRef,
  hostId: HostId | undefined,
): Writing<DiskRow | undefined> {
  return {
    kind: 'write',
    object: volume,
    name: `unpublish ${hostId ?? 'all'}`,
    removes: true,
    script: script((s) => {
      const [slot, attached] = [slotVariable(s, volume), s.let(ros`""`)];
      const ours = s.let(ownedBy(volume, settings.owners));
      const items = inSlot(slot);
      s.if(ros`[:len ${items}]=0`, () => {
        s.attempt(
          () => {
            const { pool, row } = locate(s, settings, volume, ros`true`);
            s.if(ros`${nameOf(row)}~${ours}`, () => {
              const item = itemOf(s, slot, pool, nameOf(row), row);
              s.set(attached, freshRecord(REATTACHED));
              s.attempt(() => addItem(s, item, attached));
            });
          },
          // Of two that it might be none is attached, so none is published.
          (words) => s.if(ros`!(${words}~${ere`^RC-TWO`})`, () => s.run(ros`:error ${words}`)),
        );
      });
      s.each(items, (item) => {
        const path = s.let(ros`[/disk get ${item} file-path]`);
        s.if(ros`!(${path}~${ours})`, () => s.fail('RC-OWNER', path));
        const comment = s.let(textOf(item, ros`comment`));
        // Whoever was faster may have unpublished it as well, and published it again.
        s.if(ros`${attached}!="" and ${comment}!=${attached}`, () => s.fail('RC-RACE'));
        const exported = isTrue(textOf(item, ros`nvme-tcp-export`));
        // Without a record no one knows whose export it is, so it is not turned off for one node.
        if (hostId !== undefined) {
          s.if(ros`${exported} and !(${comment}~${RECORD})`, () => strangeExport(s, item, comment));
        }
        const entries = entriesOf(s, comment);
        const token = s.let(ros`""`);
        cut(s, entries, hostId, token);
        const nqn = textOf(item, ros`nvme-tcp-server-nqn`);
        const goesWithIt = hostId === undefined ? ros`true` : ros`${token}!="" and ${nqn}~(${token}.${ere`$`})`;
        const record = s.let(recordOf(entries));
        // Also after the entry is cut: a publication that still saw it may have turned the export on meanwhile.
        s.each(ros`{${comment};${record}}`, (now) => {
          s.if(ros`!(${entries}~${SOME_NODE}) and ${exported} and ${goesWithIt}`, () => {
            turnOff(s, item, asRead(slot, now));
            s.if(exported, () => s.fail('RC-RACE'));
          });
          s.if(ros`${now}!=${record}`, () => {
            writeRecord(s, slot, now, record);
            proveWritten(s, item, record);
          });
        });
      });
      s.run(reportDisk(slot));
    }),
    decode: (rows) => decodeObject(rows).disk,
  };
}

/** Turns the export off, and lets no one in by its allow-list, where the device has one (U20). */
function turnOff(s: ScriptBuilder, item: Script, found: Script): void {
  const off = ros`/disk set ${found} nvme-tcp-export=no`;
  s.if(
    ros`[:len [/disk get ${item} nvme-tcp-server-allow-host-name]]>0`,
    () => s.run(ros`${off} nvme-tcp-server-allow-host-name=""`),
    () => s.run(off),
  );
}

/** Cuts a node out of the entries, and sets `token` to that of its entry; or cuts all out. */
function cut(s: ScriptBuilder, entries: Script, hostId: HostId | undefined, token: Script): void {
  if (hostId === undefined) {
    const words = s.let(ros`[:find ${entries} "|"]`);
    s.if(
      ros`[:typeof ${words}]="num"`,
      () => s.set(entries, ros`[:pick ${entries} ${words} [:len ${entries}]]`),
      () => s.set(entries, ros`"|"`),
    );
    return;
  }
  const place = s.let(ros`[:find ${entries} ${`${hostId}:`}]`);
  s.if(ros`[:typeof ${place}]="num"`, () => {
    s.set(token, ros`[:pick ${entries} (${place}+${TOKEN_AT}) (${place}+${TOKEN_AT + TOKEN_BYTES})]`);
    s.set(entries, ros`([:pick ${entries} 0 ${place}].[:pick ${entries} (${place}+${ENTRY_BYTES}) [:len ${entries}]])`);
  });
}
