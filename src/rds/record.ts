import { randomBytes } from 'node:crypto';
import { freshDigits, ros, type Script } from '../routeros/index.ts';
import { type HostId, hostId } from './refs.ts';

/**
 * Which nodes a volume is published to, kept in the comment of its disk item: machine part first, then human-readable text.
 *
 *     rose:2 <generation> <host id>:<mode>:<token> <host id>:<mode>:<token> | human-readable text
 *
 * The generation is a new random one in everything that is written, also where nothing else changes: a script that has read
 * the record and writes on the condition that it still says the same cannot take one that came back for one that stayed,
 * and whoever has changed nothing has still made sure that no one acts on what was before (docs/decisions/0017).
 *
 * The token is a new one each time the export is turned on for a first node, and the NQN ends in it: nodes that had the
 * volume before know another NQN, which leads nowhere. Each entry ends in one space, so a script adds an entry in front and
 * cuts one out at its position without parsing. A comment longer than 200 bytes is never sent (U16), and one entry is whole
 * within 64.
 */

/** First part of every comment that we write. */
export const HEADER = 'rose:2 ';
/** Hex digits of a token and of a generation. */
export const TOKEN_BYTES = 8;
/** Where the entries begin, or the `|` where there are none. */
export const ENTRIES_AT = HEADER.length + TOKEN_BYTES + 1;
/** Where the token is in an entry: behind a uuid, `:`, the mode letter, `:`. */
export const TOKEN_AT = 39;
/** Bytes of one entry, with the space behind it. */
export const ENTRY_BYTES = TOKEN_AT + TOKEN_BYTES + 1;
/** Bytes of a comment that every device is trusted with (U16); human-readable text is cut to make room. */
export const MAX_COMMENT = 200;
/** Nodes that may share a raw block volume: the two sides of a live migration. */
export const MAX_SHARED_NODES = 2;

/** `w` the one writer, `r` the one reader, `s` shared raw block. */
export type Mode = 'w' | 'r' | 's';

export interface Publication {
  readonly hostId: HostId;
  readonly mode: Mode;
  /** Fencing token; nodes that share a volume have the same. */
  readonly token: string;
}

/** What the comment of a disk item says. */
export interface PublicationRecord {
  /** Empty when the comment is not one of ours. */
  readonly generation: string;
  readonly publications: readonly Publication[];
}

const RECORD = /^rose:2 ([0-9a-f]{8}) ([^|]*)/;
const ENTRY = /^([0-9a-f-]{36}):([wrs]):([0-9a-f]{8})$/;
/** Bytes of human-readable text: fewer than an entry begins with. */
export const MAX_WORDS = 36;

/** A fresh token. */
export function randomDigits(): string {
  return randomBytes(TOKEN_BYTES / 2).toString('hex');
}

/** A record with these entries, and the words behind them, under a generation that no other exec writes. */
export function record(entries: Script): Script {
  return ros`(${HEADER}.${freshDigits}." ".${entries})`;
}

/** A record without nodes. Words are cut to what fits and to characters that need no care anywhere. */
export function freshRecord(words: string): Script {
  return ros`(${HEADER}.${freshDigits}.${` | ${words.replaceAll(/[^A-Za-z0-9 ._/-]/g, '_').slice(0, MAX_WORDS)}`})`;
}

/** Human-readable text on a disk item that had to be attached again. */
export const REATTACHED = 'attached again';

/** What the entry of a node begins with; the token and a space follow. */
export function entryUpToToken({ hostId, mode }: Omit<Publication, 'token'>): string {
  return `${hostId}:${mode}:`;
}

/** Whether a record with nodes lacks its end: the `|` that is in all that is written. */
export function isCutOff(comment: string): boolean {
  return /^rose:2 [0-9a-f]{8} [0-9a-f][^|]*$/.test(comment);
}

/** Reads a comment; one that is not ours says nothing. */
export function readRecord(comment: string): PublicationRecord {
  const [, generation = '', entries = ''] = RECORD.exec(comment) ?? [];
  const publications = entries.split(' ').flatMap((entry): Publication[] => {
    const [, node = '', mode, token] = ENTRY.exec(entry) ?? [];
    const host = hostId(node);
    const isEntry = host !== undefined && token !== undefined && (mode === 'w' || mode === 'r' || mode === 's');
    return isEntry ? [{ hostId: host, mode, token }] : [];
  });
  return { generation, publications };
}
