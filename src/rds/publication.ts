/**
 * Which nodes a volume is published to, kept in the comment of its disk item: machine part first, then words for people.
 *
 *     rose-csi:1 <host id>:<mode>:<token> <host id>:<mode>:<token> | words for people
 *
 * The token is a new one each time the export is turned on for a first node, and the NQN ends in it: nodes that had the
 * volume before know another NQN, which leads nowhere. Each entry ends in one space, so a script adds an entry behind
 * {@link HEADER} and cuts one out at its position without parsing. A comment longer than 200 bytes is never sent (U16).
 */

/** First part of every comment that we write. */
export const HEADER = 'rose-csi:1 ';
/** Where the token is in an entry: behind a uuid, `:`, the mode letter, `:`. */
export const TOKEN_AT = 39;
/** Hex digits of a token. */
export const TOKEN_BYTES = 8;
/** Bytes of one entry, with the space behind it. */
export const ENTRY_BYTES = TOKEN_AT + TOKEN_BYTES + 1;
/** Bytes of a comment that every device is trusted with (U16); words for people are cut to make room. */
export const MAX_COMMENT = 200;
/** Nodes that may share a raw block volume: the two sides of a live migration. */
export const MAX_SHARED_NODES = 2;

/** `w` the one writer, `r` the one reader, `s` shared raw block. */
export type Mode = 'w' | 'r' | 's';

export interface Publication {
  readonly hostId: string;
  readonly mode: Mode;
  /** Fencing token; nodes that share a volume have the same. */
  readonly token: string;
}

const ENTRY = /^([0-9a-f-]{36}):([wrs]):([0-9a-f]{8})$/;
const MAX_WORDS = 48;

/** A comment without nodes. Words are cut to what fits and to characters that need no care anywhere. */
export function freshComment(words: string): string {
  return `${HEADER}| ${words.replaceAll(/[^A-Za-z0-9 ._/-]/g, '_').slice(0, MAX_WORDS)}`;
}

/** Comment of a disk item that had to be attached again. */
export const REATTACHED = freshComment('attached again');

/** What the entry of a node begins with; the token and a space follow. */
export function entryUpToToken({ hostId, mode }: Omit<Publication, 'token'>): string {
  return `${hostId}:${mode}:`;
}

/** The nodes of a comment; none when it is not one of ours. */
export function publicationsOf(comment: string): Publication[] {
  if (!comment.startsWith(HEADER)) {
    return [];
  }
  const machine = comment.slice(HEADER.length).split('|', 1)[0] ?? '';
  return machine.split(' ').flatMap((entry) => {
    const [, hostId, mode, token] = ENTRY.exec(entry) ?? [];
    const isEntry = hostId !== undefined && token !== undefined && (mode === 'w' || mode === 'r' || mode === 's');
    return isEntry ? [{ hostId, mode, token }] : [];
  });
}
