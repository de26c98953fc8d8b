import type { Statement } from '../../../../src/simulator/console/hooks.ts';
import type { Fault } from '../../../../src/simulator/faults/fault.ts';
import type { filesystem } from '../../../support/requests.ts';
import type { Ground } from '../scenarios.ts';
import type { Cluster } from './cluster.ts';
import type { Move, Situation } from './moves.ts';
import type { ControllerClient } from './told.ts';

/** Something that the RDS refuses. */
export type Refusal = Extract<Fault, { readonly kind: 'fail' }>;

/** A call that changes something, in one of its forms, and what Kubernetes may call after it. */
export interface HeldCall {
  readonly name: string;
  /** Where things stand once it was answered. */
  readonly after: Situation;
  /** What is called then. */
  readonly moves: readonly Move[];
  /** Longer sequences than those that are tried of all of them. */
  readonly further?: readonly (readonly Move[])[];
  /** What is called though no one has repeated it, and where things stand as far as that is concerned. */
  readonly unrepeated?: { readonly from: Situation; readonly moves: readonly Move[] };
  readonly capability?: typeof filesystem;
  /** What the RDS refuses on the way; only what is run after that is held. */
  readonly refusal?: Refusal;
  /** Whether a statement is one to hold; by default each is that changes something. */
  holds?(statement: Statement): boolean;
  prepare(cluster: Cluster, ground: Ground): Promise<Prepared>;
}

interface Prepared {
  /** The call as a sidecar makes it, with the same arguments each time. */
  call(controller: ControllerClient): Promise<unknown>;
  /** What is true once it was answered. */
  answered(reply: unknown): Promise<void> | void;
  /** What is true when no one repeats it. */
  givenUp?(): void;
}
