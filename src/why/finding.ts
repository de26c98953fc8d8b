import type { ClusterState } from './cluster-state.ts';

/**
 * `stuck` goes on only when someone does something; `waiting` goes on by itself, or is meant to wait; `unknown` could not
 * be found out; `degraded` works, and someone should do something before it does not.
 */
export type State = 'stuck' | 'waiting' | 'unknown' | 'degraded';

/** A link of the chain by kind, and by name where there may be several. */
export type LinkKey =
  | 'claim'
  | 'class'
  | 'source'
  | 'driver'
  | 'volume'
  | 'device'
  | 'snapshot'
  | 'snapshot class'
  | 'snapshot controller'
  | 'content'
  | `attachment ${string}`
  | `node ${string}`
  | `pod ${string}`;

/** One thing that keeps the chain from being whole. */
export interface Finding {
  readonly state: State;
  readonly at: LinkKey;
  /** Where it is stuck, as one sentence. */
  readonly what: string;
  /** Why, in one to three sentences. */
  readonly why: string;
  /** The words of whoever reported it. */
  readonly said?: string | undefined;
  /** One step, as a sentence without its command. */
  readonly next: string;
  /** The command to type for it. */
  readonly command?: string | undefined;
}

/** One way in which a claim or a snapshot can be stuck. */
export interface Rule {
  /** Stable, for programs. */
  readonly id: string;
  /** What it notices, for the documentation. */
  readonly notices: string;
  judge(cluster: ClusterState): Finding | readonly Finding[] | undefined;
}

/** A finding with the rule that made it. */
export interface RuledFinding extends Finding {
  readonly rule: string;
}
