import type { NodeNumber } from './commands.ts';

/** What a successful call answered, in the words of the model. */
export interface Reply {
  /** MiB. */
  readonly mib?: number;
  /** Object that it says it was made from. */
  readonly source?: string | undefined;
  readonly node?: NodeNumber | undefined;
  /** Unix seconds. */
  readonly seconds?: bigint;
  /** Entries of a list, page after page. */
  readonly entries?: readonly Entry[];
}

/** One row of a list. */
export interface Entry extends Omit<Reply, 'entries'> {
  /** Object as scripts call it, or the id when it is none of theirs. */
  readonly object: string;
}

/** How a command ended: `OK`, the name of a gRPC code, or why blocks could not be written. */
export interface Outcome {
  readonly code: string;
  readonly reply: Reply;
  readonly message: string;
}

/**
 * Codes after which a sidecar asks again with the same arguments, since what it asked for may still happen: the list of
 * csi-snapshotter; external-provisioner has the same one (docs/errors.md).
 */
const NOT_FINAL = new Set(['UNAVAILABLE', 'ABORTED', 'DEADLINE_EXCEEDED', 'CANCELLED', 'RESOURCE_EXHAUSTED']);

/** Whether the outcome leaves open what happened. */
export function isOpen({ code }: Outcome): boolean {
  return NOT_FINAL.has(code);
}
