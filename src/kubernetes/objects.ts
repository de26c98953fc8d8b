import * as z from 'zod';
import type { LeaseState } from './cluster.ts';

/** The parts of what is no kind of `./kinds.ts`. An answer without them is no answer. */

/** One page of a list; Go writes an empty list as `null` at times. */
export const page = z.object({
  metadata: z.object({ resourceVersion: z.string().min(1), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullable(),
});

/** What a group of kinds consists of. */
export const resources = z.object({ resources: z.array(z.object({ name: z.string() })) });

export const configMap = z.object({
  metadata: z.object({ resourceVersion: z.string().min(1) }),
  data: z.record(z.string(), z.string()).nullish(),
});

export const lease = z
  .object({
    metadata: z.object({ resourceVersion: z.string().min(1) }),
    spec: z
      .object({
        holderIdentity: z.string().nullish(),
        leaseDurationSeconds: z.number().nullish(),
        leaseTransitions: z.number().nullish(),
      })
      .nullish(),
  })
  .transform(
    ({ metadata: { resourceVersion }, spec }): LeaseState => ({
      resourceVersion,
      holder: spec?.holderIdentity || undefined,
      seconds: spec?.leaseDurationSeconds ?? 0,
      transitions: spec?.leaseTransitions ?? 0,
    }),
  );
