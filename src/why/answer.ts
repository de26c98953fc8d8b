import { shellQuoted } from '../cli/shell-quoted.ts';
import { blindSpots } from './blind-spots.ts';
import { chainOf, type Link } from './chain.ts';
import type { ClusterState, Subject } from './cluster-state.ts';
import type { Finding, RuledFinding } from './finding.ts';
import { RULES } from './rules/index.ts';

/** Everything that is reported about one claim, volume or snapshot. */
export interface Answer {
  readonly subject: Subject;
  readonly result: 'fine' | 'degraded' | 'waiting' | 'stuck' | 'unknown';
  readonly chain: readonly Link[];
  /** The first is the verdict. */
  readonly findings: readonly RuledFinding[];
  /** What could not be looked at, one sentence each. */
  readonly blind: readonly string[];
  /** Whether the RDS was asked, too. */
  readonly backendAsked: boolean;
}

const ORDER = ['stuck', 'unknown', 'waiting', 'degraded'] as const;

/**
 * Judges the cluster state: what is stuck comes before what could not be found out, that before what waits, and that before what
 * works and is not as safe as it should be; among equals causes come before effects.
 */
export function answer(cluster: ClusterState): Answer {
  const all = RULES.flatMap(({ id, judge }): RuledFinding[] => {
    const found = judge(cluster) ?? [];
    return (Array.isArray(found) ? found : [found]).map((finding) => ({ ...withFile(finding, cluster), rule: id }));
  });
  const findings = ORDER.flatMap((state) => all.filter((finding) => finding.state === state));
  const blind = blindSpots(cluster);
  const worst = findings[0]?.state;
  const result = worst === 'stuck' ? 'stuck' : worst === 'unknown' || blind.length > 0 ? 'unknown' : (worst ?? 'fine');
  return {
    subject: cluster.subject,
    result,
    chain: chainOf(cluster, findings),
    findings,
    blind,
    backendAsked: cluster.view !== undefined,
  };
}

/** How commands name the configuration where no one has given one. */
const CONFIG = '--config rose-csi.yaml';

/** The finding with the configuration in its command that was given, ready to be pasted into a shell. */
function withFile(finding: Finding, { configFile }: ClusterState): Finding {
  if (configFile === undefined || finding.command === undefined) return finding;
  return { ...finding, command: finding.command.replace(CONFIG, () => `--config ${shellQuoted(configFile)}`) };
}
