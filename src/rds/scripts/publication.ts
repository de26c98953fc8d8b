import { ere, join, ros, type Script } from '../../routeros/index.ts';
import {
  ENTRY_BYTES,
  entryUpToToken,
  HEADER,
  MAX_COMMENT,
  type Publication,
  TOKEN_AT,
  TOKEN_BYTES,
} from '../publication.ts';
import { diskItems, readSize, reportDisk, reportVolume } from './disk.ts';
import { proveAll } from './fragments.ts';
import { HAS_NODES, openVolume, strangeExport, TRUE, type VolumeTarget } from './volume.ts';

/** Milliseconds in which no script can still write a comment that it computed from what it read before ours was written. */
const SETTLE = ros`100ms`;

const ONE_SHARED_NODE = ere`^rose-csi:1 [0-9a-f-]{36}:s:[0-9a-f]{8} \|`;

export interface Publish {
  /** Its token is taken where no node is recorded; else that of the record is kept. */
  readonly publication: Publication;
  readonly port: number;
  /** Host NQN for `nvme-tcp-server-allow-host-name`; undefined leaves the allow-list alone (U20). */
  readonly allowHost?: string;
}

/**
 * Records the node on the disk item and turns the export on, under an NQN that ends in the token `xN` of the record.
 * Refuses when another node has the volume, unless both share a raw block volume and there is room for a second node.
 */
export function publishVolume(target: VolumeTarget, { publication, port, allowHost }: Publish): Script {
  const entry = entryUpToToken(publication);
  const occupied =
    publication.mode === 's' && allowHost === undefined
      ? ros`:if (!($xC~${ONE_SHARED_NODE})) do={:error ("RC-PUB ".$xC)}; ${takeToken(ros`${HEADER.length}`)}`
      : ros`:error ("RC-PUB ".$xC)`;
  const allow = allowHost === undefined ? ros`` : ros`nvme-tcp-server-allow-host-name=${allowHost}`;
  const exported = ros`${allow} mount-filesystem=no nvme-tcp-server-nqn=(${`${target.volume.nqn}-`}.$xN)
    nvme-tcp-server-port=${port} nvme-tcp-export=yes`;
  return join([
    openVolume(target),
    readSize(),
    ros`:local xC ("".[/disk get $xD comment]); :local xT ("".[/disk get $xD nvme-tcp-export]); :local xW $xC;
      :local xN ${publication.token}; :local xP [:find $xC ${entry}]`,
    ros`:if ([:typeof $xP]="num") do={${takeToken(ros`$xP`)};
        :if (!($xT~${TRUE})) do={/disk set $xD comment=$xW ${exported}; ${settle()}}
      } else={
        :if ($xC~${ere`${publication.hostId}:`}) do={:error "RC-MODE"};
        :if ($xC~${HAS_NODES}) do={${occupied}} else={:if ($xT~${TRUE}) do={${strangeExport()}}};
        :if (!($xC~${ere`^${HEADER}`})) do={:set xC (${`${HEADER}| `}.$xC)};
        :set xW (${HEADER}.${entry}.$xN." ".[:pick $xC ${HEADER.length} ${MAX_COMMENT - ENTRY_BYTES}]);
        /disk set $xD comment=$xW ${exported}; ${settle()}}`,
    reportVolume(target.volume),
  ]);
}

/** Sets `xN` to the token of the entry that begins at `position` of the comment `xC`. */
function takeToken(position: Script): Script {
  return ros`:set xN [:pick $xC (${position}+${TOKEN_AT}) (${position}+${TOKEN_AT + TOKEN_BYTES})]`;
}

/**
 * Takes the node, or every node, off the disk item, and turns the export off when none is left. A volume or a disk item
 * that does not exist is unpublished.
 */
export function unpublishVolume({ pools, owners, volume }: VolumeTarget, hostId: string | undefined): Script {
  const cut =
    hostId === undefined
      ? ros`:if ($xC~${HAS_NODES}) do={:set xW (${HEADER}.[:pick $xC [:find $xC "|"] [:len $xC]])}`
      : ros`:local xP [:find $xC ${`${hostId}:`}];
          :if ([:typeof $xP]="num") do={:set xW ([:pick $xC 0 $xP].[:pick $xC ($xP+${ENTRY_BYTES}) [:len $xC]])}`;
  return join([
    ros`:if ([:len ${diskItems(volume)}]=0) do={${proveAll(pools)}}`,
    ros`:foreach xD in=${diskItems(volume)} do={
      :local xF [/disk get $xD file-path];
      :if (!($xF~${ere`/${volume.prefix}${owners}-`})) do={:error ("RC-OWNER ".$xF)};
      :local xC ("".[/disk get $xD comment]); :local xW $xC; ${cut};
      :if (!($xW~${HAS_NODES})) do={
        :if (("".[/disk get $xD nvme-tcp-export])~${TRUE} or $xW!=$xC) do={
          /disk set $xD comment=$xW nvme-tcp-export=no;
          :if ([:len [/disk get $xD nvme-tcp-server-allow-host-name]]>0) do={
            /disk set $xD nvme-tcp-server-allow-host-name=""};
          ${settle()}}
      } else={:if ($xW!=$xC) do={/disk set $xD comment=$xW; ${settle()}}}}`,
    reportDisk(ros`${volume.slot}`),
  ]);
}

/**
 * RouterOS has no compare-and-set, so a change of the comment is believed only when it still stands after a time in which
 * every other script that read the comment before our write has written its own (Fischer's mutual exclusion).
 */
function settle(): Script {
  return ros`:delay ${SETTLE}; :if (("".[/disk get $xD comment])!=$xW) do={:error "RC-RACE"}`;
}
