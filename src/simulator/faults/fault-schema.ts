import * as z from 'zod';
import { issueWords } from '../../schema/issue-words.ts';
import type { Fault, PoolCondition } from './fault.ts';

const WORDS = { error: issueWords };

const count = z.int().nonnegative();
const atLeastOne = z.int().positive();
const text = z.string();

const at = z.strictObject({
  path: text.exactOptional(),
  command: text.exactOptional(),
  text: text.exactOptional(),
  nth: atLeastOne.exactOptional(),
});
const when = z.enum(['before', 'after']);
const line = text.exactOptional();

const fault: z.ZodType<Fault> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fail'), at, error: text }),
  z.strictObject({ kind: z.literal('kill'), at, when }),
  z.strictObject({ kind: z.literal('drop'), at, when, scriptRunsOn: z.boolean() }),
  z.strictObject({ kind: z.literal('restart'), at, when, downMs: count }),
  z.strictObject({
    kind: z.literal('stall'),
    at,
    disconnect: z.boolean().default(false),
    ms: z.union([count, z.literal('untilReleased')]),
  }),
  z.strictObject({ kind: z.literal('cut'), bytes: count, line }),
  z.strictObject({ kind: z.literal('wrap'), columns: atLeastOne, line }),
  z.strictObject({ kind: z.literal('garbage'), where: z.enum(['before', 'after', 'instead']), text, line }),
  z.strictObject({ kind: z.literal('flood'), bytes: count, line }),
  z.strictObject({ kind: z.literal('channel-limit'), channels: count }),
]);

const order = z.strictObject({
  fault,
  /** `"always"` stands for Infinity, which JSON cannot write. */
  times: z.union([atLeastOne, z.literal('always').transform(() => Number.POSITIVE_INFINITY)]).default(1),
});

const condition = z.strictObject({
  full: z.boolean().exactOptional(),
  readOnly: z.boolean().exactOptional(),
  mounted: z.boolean().exactOptional(),
  swappedFor: z
    .string()
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'write a lower-case UUID')
    .nullable()
    .exactOptional(),
  removalMs: count.exactOptional(),
  missingDevice: z.boolean().exactOptional(),
  deviceErrors: count.exactOptional(),
  criticalWarning: count.exactOptional(),
  ioErrors: count.exactOptional(),
});

/** A fault and how often it shall strike. */
export interface FaultOrder {
  readonly fault: Fault;
  readonly times: number;
}

/**
 * Reads `{"fault": …, "times": n}`, or a fault alone; `times` is 1 when absent, and may be `"always"`.
 *
 * @throws Error that says what is wrong where.
 */
export function parseFaultOrder(value: unknown): FaultOrder {
  const isFault = typeof value === 'object' && value !== null && 'kind' in value;
  return checked(order.safeParse(isFault ? { fault: value } : value, WORDS));
}

/**
 * Reads a condition of a pool, all properties optional.
 *
 * @throws Error that says what is wrong where.
 */
export function parseCondition(value: unknown): Omit<PoolCondition, 'pool'> {
  return checked(condition.safeParse(value, WORDS));
}

/**
 * Reads `{"names": […]}`.
 *
 * @throws Error that says what is wrong where.
 */
export function parseQuirkNames(value: unknown): readonly string[] {
  return checked(z.strictObject({ names: z.array(text) }).safeParse(value, WORDS)).names;
}

/**
 * Reads `{"downMs": n}`; 0 when absent.
 *
 * @throws Error that says what is wrong where.
 */
export function parseRestart(value: unknown): number {
  return checked(z.strictObject({ downMs: count.default(0) }).safeParse(value, WORDS)).downMs;
}

function checked<T>(result: z.ZodSafeParseResult<T>): T {
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`,
  );
  throw new Error(problems.join('; '));
}
