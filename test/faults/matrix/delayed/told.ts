import type { Controller } from '../../../../src/csi/gen/csi_pb.js';
import type { Client } from '../../../support/grpc-client.ts';
import type { volumeRequest } from '../../../support/requests.ts';

/** A controller process, as its sidecars reach it. */
export type ControllerClient = Client<typeof Controller>;

/** `there` and `gone` were told under an OK; `open` is what a call was about that no one has repeated. */
type Standing = 'there' | 'gone' | 'open';

/** A volume as its users know it. */
export interface Volume {
  readonly id: string;
  readonly request: ReturnType<typeof volumeRequest>;
  /** Bytes of a new one. */
  readonly content: Buffer;
  standing: Standing;
  /** What was written under an OK, to the end of what it is large. */
  bytes: Buffer;
  /** It may be larger than that: a growth was given up. */
  mayBeLarger: boolean;
  /** Its disk item was lost, and may be until it is used. */
  isItemLost: boolean;
  /** NQN by id of the nodes that have it. */
  readonly nodes: Map<string, string>;
  /** Nodes that may have it or not. */
  readonly open: Set<string>;
}

/** A snapshot as its users know it. */
export interface Snapshot {
  readonly id: string;
  readonly request: { readonly name: string; readonly sourceVolumeId: string };
  standing: Standing;
  bytes: Buffer;
}
