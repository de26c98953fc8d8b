import { blindSpots } from './blind-spots.ts';
import { chainOf, type Link } from './chain.ts';
import type { Finding, RuledFinding } from './finding.ts';
import { RULES } from './rules/index.ts';
import type { Scene, Subject } from './scene.ts';

/** Everything that is told of one claim, volume or snapshot. */
export interface Answer {
  readonly subject: Subject;
  readonly result: 'fine' | 'waiting' | 'stuck' | 'unknown';
  readonly chain: readonly Link[];
  /** The first is the verdict. */
  readonly findings: readonly RuledFinding[];
  /** What could not be looked at, one sentence each. */
  readonly blind: readonly string[];
  /** Whether the box was asked, too. */
  readonly boxAsked: boolean;
}

const ORDER = ['stuck', 'unknown', 'waiting'] as const;

/**
 * Judges a scene: what is stuck comes before what could not be found out, and that before what waits; among equals causes
 * come before effects.
 */
export function answer(scene: Scene): Answer {
  const all = RULES.flatMap(({ id, judge }): RuledFinding[] => {
    const found = judge(scene) ?? [];
    return (Array.isArray(found) ? found : [found]).map((finding) => ({ ...withFile(finding, scene), rule: id }));
  });
  const findings = ORDER.flatMap((state) => all.filter((finding) => finding.state === state));
  const blind = blindSpots(scene);
  const worst = findings[0]?.state;
  const result = worst === 'stuck' ? 'stuck' : worst === 'unknown' || blind.length > 0 ? 'unknown' : (worst ?? 'fine');
  return {
    subject: scene.subject,
    result,
    chain: chainOf(scene, findings),
    findings,
    blind,
    boxAsked: scene.view !== undefined,
  };
}

/** How commands name the configuration where nobody has given one. */
const CONFIG = '--config rose-csi.yaml';
const PLAIN = /^[\w./@%+=:,-]+$/;

/** The finding with the configuration in its command that was given, ready to be pasted into a shell. */
function withFile(finding: Finding, { configFile }: Scene): Finding {
  if (configFile === undefined || finding.command === undefined) return finding;
  const file = PLAIN.test(configFile) ? configFile : `'${configFile.replaceAll("'", "'\\''")}'`;
  return { ...finding, command: finding.command.replace(CONFIG, () => `--config ${file}`) };
}
