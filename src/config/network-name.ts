/**
 * What a storage network may be called. With `network-` before it, it is the name part of a label key of Kubernetes, which
 * has at most 63 characters (src/csi/network-topology.ts).
 */
export const NETWORK_NAME = /^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?$/;

/** {@link NETWORK_NAME} in words, for whoever wrote something else. */
export const NETWORK_NAME_RULE = 'lower-case letters, digits and dashes, at most 50';

/** The network of backends and nodes that name none. */
export const DEFAULT_NETWORK = 'default';
