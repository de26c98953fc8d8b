/** What no cluster id has in it: what templates and shells are to replace, and blanks, which no one sees. */
export const CLUSTER_ID_CHARACTER = '[^\\s<>{}$]';

/** What is said of an id that is not there. */
export const EMPTY_CLUSTER_ID = 'required; the uid of the namespace kube-system is a good one';

/** Characters that an id has at most. */
export const MAX_CLUSTER_ID = 128;

/** Texts that stand in examples until someone puts the id there. */
const PLACEHOLDER =
  /^(?:(?:change[-_]?me|replace[-_]?(?:me|this|with)|todo|fixme|placeholder)(?![a-z])|your[-_]|insert[-_]|\.+$|x{3,}$|(?:my|the|a)?[-_]?cluster[-_]?id$)/i;

/**
 * Why a text is not the id of a cluster; undefined when it may be one. Two clusters that leave the text of an example as it is would
 * own each other's volumes.
 */
export function clusterIdProblem(id: string): string | undefined {
  if (id === '') return EMPTY_CLUSTER_ID;
  if (id.length > MAX_CLUSTER_ID) return `at most ${MAX_CLUSTER_ID} characters, not ${id.length}`;
  const isPlaceholder = /[<>{}$]/.test(id) || PLACEHOLDER.test(id) || id.startsWith('REPLACE');
  if (!isPlaceholder && !/\s/.test(id)) return undefined;
  return `${isPlaceholder ? 'still to be replaced' : 'has blanks in it'}; the uid of the namespace kube-system is a good one`;
}
