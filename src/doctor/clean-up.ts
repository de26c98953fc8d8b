import { fits, type NamedFinding, unusable } from './finding.ts';
import type { Swept } from './sweep.ts';

/** What removing the scratch objects came to. @param pool where, if not all over the RDS */
export function cleanUpFinding({ removed, left }: Pick<Swept, 'removed' | 'left'>, pool?: string): NamedFinding {
  const named = {
    id: 'clean-up',
    title: 'removing the scratch objects',
    needs: 'write',
    ...(pool !== undefined && { pool }),
  } as const;
  if (left.length === 0) {
    const said = removed === 0 ? 'there was nothing to remove' : `all ${removed} are gone`;
    return { ...named, ...fits(said, 'leaves nothing behind either', { removed }) };
  }
  return {
    ...named,
    ...unusable(`${left.length} are still there, or may be`, 'does not touch them. Remove them as below', {
      removed,
      left: left.length,
    }),
    lines: ['To remove by hand what could not be removed:', ...left.map((command) => `  ${command}`)],
  };
}
