/**
 * Storage networks as topology of CSI: a key for each network, so that a node can reach several, with one value for all, so
 * that a node label of Kubernetes never has another (docs/decisions/0020-topology.md).
 */
import type { Topology, TopologyRequirement } from './gen/csi_pb.js';
import { checkMap, invalid } from './validation.ts';

const VALUE = 'true';

/** Translates networks of the storage to topologies and back. */
export class NetworkTopology {
  readonly #prefix: string;

  /** @param driverName in lower case, as it is before the slash of every key */
  constructor(driverName: string) {
    this.#prefix = `${driverName}/network-`;
  }

  /** The topology of a node that reaches these networks, or of a volume on one of them. */
  of(...networks: readonly string[]): { segments: Record<string, string> } {
    return { segments: Object.fromEntries(networks.map((network) => [`${this.#prefix}${network}`, VALUE])) };
  }

  /**
   * The networks that a volume may be on; undefined for any. Preferred topologies only order those that are allowed, and there
   * is nothing to order: a volume is on the network of the backend that its request names.
   *
   * @throws StorageError (invalid) when there is no topology in the requirement, or one is too long
   */
  required(field: string, requirement: TopologyRequirement | undefined): ReadonlySet<string> | undefined {
    if (!requirement) return undefined;
    const { requisite, preferred } = requirement;
    if (requisite.length + preferred.length === 0) {
      throw invalid(`${field}: neither requisite nor preferred topologies are given`);
    }
    preferred.forEach((topology, index) => {
      check(`${field}.preferred[${index}]`, topology);
    });
    const allowed = requisite.flatMap((topology, index) => this.#in(`${field}.requisite[${index}]`, topology));
    return requisite.length === 0 ? undefined : new Set(allowed);
  }

  /**
   * The networks of one topology; undefined for any, which is what an empty one means: a node that has not said yet.
   *
   * @throws StorageError (invalid) when it is too long
   */
  given(field: string, topology: Topology | undefined): ReadonlySet<string> | undefined {
    if (!topology || Object.keys(topology.segments).length === 0) return undefined;
    return new Set(this.#in(field, topology));
  }

  /** CSI does not distinguish keys by their case. */
  #in(field: string, topology: Topology): string[] {
    check(field, topology);
    return Object.entries(topology.segments)
      .filter(([, value]) => value === VALUE)
      .map(([key]) => key.toLowerCase())
      .filter((key) => key.startsWith(this.#prefix))
      .map((key) => key.slice(this.#prefix.length));
  }
}

function check(field: string, { segments }: Topology): void {
  checkMap(`${field}.segments`, segments);
}
