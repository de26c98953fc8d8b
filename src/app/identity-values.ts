import { withoutProblem } from '../cli/values.ts';
import { clusterIdProblem } from '../config/cluster-id.ts';
import { driverNameProblem } from '../config/driver-name.ts';

/** Parsers of cluster id and driver name, wherever a command takes them: what is wrong is said of the flag or the variable. */
export const identityValues = {
  clusterId: withoutProblem(clusterIdProblem),
  driverName: withoutProblem(driverNameProblem),
} as const;
