/** For specs: an RDS that gives prepared answers, one for each script, in their order. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type JsonRow, RouterOsError } from '../routeros/index.ts';
import { Rds, type RdsSettings } from './rds.ts';

export const POOL = { label: 'pool', uuid: '5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f', mountPoint: 'pool' };
export const OTHER_POOL = { label: 'archive', uuid: '0c5a1b52-5a59-4f0b-8a3c-0f6f2f9f1d11', mountPoint: 'archive' };

/** A clock on which no time passes. */
export const clock = { now: () => 0, wait: async () => undefined };

/** The rows that a script prints, or how it ends otherwise. */
export type Answer = readonly JsonRow[] | RouterOsError;

/** A refusal of a script: a code, and what stands behind it. */
export function refused(code: `RC-${string}`, detail = '', mayStillRun = false): RouterOsError {
  return new RouterOsError('refused', detail, { code, mayStillRun });
}

/** A command of the RDS that failed, after which the script did nothing more. */
export const FAILED = new RouterOsError('failed', 'failure: no');

/** A subvolume as scripts print it. */
export function row(name: string, subvolumeId = 300, fs = POOL.label): JsonRow {
  return { name, fs, 'subvolume-id': subvolumeId, uuid: `${subvolumeId}`, fullname: name, 'read-only': true };
}

/** What a script does, as far as its text shows. */
type Sent = 'reads' | 'writes' | 'removes';

/**
 * @param answers in their order; the test fails when one is not asked for, or one more is
 * @returns the RDS, and what the scripts that it was sent do
 */
export function answeringRds(
  t: TestContext,
  answers: readonly Answer[],
  settings: Partial<RdsSettings> = {},
): { readonly rds: Rds; readonly sent: Sent[] } {
  const left = [...answers];
  const sent: Sent[] = [];
  const routerOs = {
    async run({ text }: { readonly text: string }, { kind }: { readonly kind: 'read' | 'write' }) {
      const answer = left.shift();
      assert.ok(answer !== undefined, `no answer is prepared for ${text}`);
      sent.push(kind === 'read' ? 'reads' : text.includes(' remove ') ? 'removes' : 'writes');
      if (answer instanceof RouterOsError) throw answer;
      return answer;
    },
    state: () => ({ breaker: 'closed', queued: 0, inFlight: 0, window: 1 }) as const,
    close: async () => undefined,
  };
  t.after(() => assert.deepEqual(left, [], 'not asked for'));
  const defaults = { pools: [POOL], owners: ['12345678'], reserveBytes: 0n, port: 4420 };
  return { rds: new Rds(routerOs, { ...defaults, ...settings }, { clock }), sent };
}
