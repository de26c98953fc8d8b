/**
 * Which nodes a volume is published to, kept in the comment of its disk item: machine part first, then words for people.
 *
 *     rose-csi:1 <host id>:<mode> <host id>:<mode> | words for people
 *
 * Each entry ends in one space, so a script adds an entry behind {@link HEADER} and cuts one out at its position without
 * parsing. A comment longer than 200 bytes is never sent (U16).
 */

/** First part of every comment that we write. */
export const HEADER = 'rose-csi:1 ';
/** Bytes of one entry: a uuid, `:`, the mode letter, a space. */
export const ENTRY_BYTES = 39;
/** Bytes of a comment that every device is trusted with (U16); words for people are cut to make room. */
export const MAX_COMMENT = 200;
/** Nodes that may share a raw block volume: the two sides of a live migration. */
export const MAX_SHARED_NODES = 2;

/** `w` the one writer, `r` the one reader, `s` shared raw block. */
export type Mode = 'w' | 'r' | 's';

export interface Publication {
  readonly hostId: string;
  readonly mode: Mode;
}

const ENTRY = /^([0-9a-f-]{36}):([wrs])$/;
const MAX_WORDS = 48;

/** A comment without nodes. Words are cut to what fits and to characters that need no care anywhere. */
export function freshComment(words: string): string {
  return `${HEADER}| ${words.replaceAll(/[^A-Za-z0-9 ._/-]/g, '_').slice(0, MAX_WORDS)}`;
}

/** Comment of a disk item that had to be attached again. */
export const REATTACHED = freshComment('attached again');

/** The entry that a script inserts for a node. */
export function entryOf(publication: Publication): string {
  return `${publication.hostId}:${publication.mode} `;
}

/** The nodes of a comment; none when it is not one of ours. */
export function publicationsOf(comment: string): Publication[] {
  if (!comment.startsWith(HEADER)) {
    return [];
  }
  const machine = comment.slice(HEADER.length).split('|', 1)[0] ?? '';
  return machine.split(' ').flatMap((entry) => {
    const [, hostId, mode] = ENTRY.exec(entry) ?? [];
    return hostId !== undefined && (mode === 'w' || mode === 'r' || mode === 's') ? [{ hostId, mode }] : [];
  });
}
