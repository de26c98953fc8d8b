import * as z from 'zod';
import { LOG_LEVELS } from '../observability/log-levels.ts';
import { BYTE_SIZE, parseByteSize } from './byte-size.ts';
import { clusterIdProblem, EMPTY_CLUSTER_ID, MAX_CLUSTER_ID } from './cluster-id.ts';
import { DRIVER_NAME, DRIVER_NAME_RULE } from './driver-name.ts';
import { DURATION, DURATION_RULE } from './duration.ts';
import { HOST, hostProblem } from './host.ts';
import { DEFAULT_NETWORK, NETWORK_NAME, NETWORK_NAME_RULE } from './network-name.ts';
import { placeOf } from './problems.ts';
import { replicaProblems } from './replicas.ts';

/** The configuration of the controller: one schema for file, environment and flags. */

const backendName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and dashes, at most 63');

/** Largest reserve: sums with it cannot overflow the 64 bits of the device. */
const MAX_RESERVE = 1n << 50n;

const BYTE_SIZE_RULE = 'a number of bytes up to 1024Ti, or one with Ki, Mi, Gi or Ti (KiB … is the same), k, M, G or T';

const byteSize = z
  .union(
    [z.string().regex(BYTE_SIZE, BYTE_SIZE_RULE), z.number().int(BYTE_SIZE_RULE).nonnegative(BYTE_SIZE_RULE)],
    BYTE_SIZE_RULE,
  )
  .transform((value, context) => {
    const bytes = parseByteSize(String(value));
    if (bytes === undefined || bytes > MAX_RESERVE) {
      context.addIssue(BYTE_SIZE_RULE);
      return z.NEVER;
    }
    return bytes;
  });

/** Characters of the labels of all pools of an RDS together: a command has 4 KiB (docs/routeros.md, U15). */
const MAX_LABELS = 64;

const port = z.number().int().min(1).max(65535);

/** @param portKey where its port belongs */
const host = (portKey: string) => {
  const error = ({ input }: { readonly input?: unknown }) => hostProblem(String(input), portKey);
  const isHost = (text: string) => hostProblem(text, portKey) === undefined;
  return z.string().max(253).regex(HOST, { error, abort: true }).refine(isHost, { error });
};

const clusterId = z
  .string()
  .min(1, { error: EMPTY_CLUSTER_ID, abort: true })
  .max(MAX_CLUSTER_ID, { abort: true })
  .refine((id) => clusterIdProblem(id) === undefined, { error: ({ input }) => clusterIdProblem(String(input)) });

const replica = z.strictObject({
  /** Another backend of this configuration. */
  backend: backendName,
  /** Label of the pool there. */
  pool: z.string().min(1).max(32),
  /** Subvolume of that pool in which the copies lie, for an RDS that receives in none but such (U31); absent for the top level. */
  subvolume: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, 'the name of a subvolume in the top level of that pool')
    .refine(
      (name) => !/^(pvc|snap)-/.test(name),
      'the name of a subvolume that is none of the driver: no pvc- or snap- in front',
    )
    .optional(),
  /** Where the RDS of the original reaches the SSH service of the other one. */
  address: host('replica.port'),
  port: port.default(22),
  /** Account on the other RDS for which the public key of the first one is imported. */
  user: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@#-]{0,63}$/, 'the name of an account on the other RDS'),
  /** How long a copy stays when its original is gone. */
  keep: z
    .string()
    .refine((text) => text === 'forever' || DURATION.test(text), DURATION_RULE)
    .default('forever'),
});

const pool = z.strictObject({
  /** Btrfs label, which is the key of the filesystem on RouterOS (docs/routeros.md, 5.1). */
  label: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, 'letters, digits, dot, underscore and dash, at most 32'),
  uuid: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'the uuid of the filesystem, in lower case'),
  /** Where RouterOS mounts the pool; defaults to the label. */
  mountPoint: z
    .string()
    .regex(/^\/?[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'the mount point as /disk shows it')
    .optional(),
  /** Where copies of its snapshots go; absent for none. */
  replica: replica.optional(),
});

const ssh = z
  .strictObject({
    host: host('ssh.port'),
    port: port.default(22),
    user: z.string().min(1).max(64),
    /** Read again at every connect, so a rotated Secret takes effect without a restart. */
    privateKeyFile: z.string().min(1),
    /** Pinned host keys, `SHA256:…` or an OpenSSH public key line; two while a key is being rotated. */
    hostKeys: z.array(z.string().min(1)).max(4).default([]),
    /** A file with more of them, one a line. Read again at every connect. */
    hostKeysFile: z.string().min(1).optional(),
    /** Commands under way at once on the one connection; `auto` begins with 1 and has up to 4 as long as the RDS bears it. */
    maxInFlight: z
      .union([z.literal('auto'), z.number().int().min(1).max(8)], '"auto" or a whole number from 1 to 8')
      .default('auto'),
    execTimeoutSeconds: z.number().min(1).max(300).default(20),
    /** How long a command may go on changing things on the RDS; one that comes later finds that it must not. */
    writeWithinSeconds: z.number().int().min(3).max(120).default(10),
  })
  .refine((value) => value.hostKeysFile !== undefined || value.hostKeys?.length !== 0, {
    path: ['hostKeys'],
    error: 'at least one pinned host key is required, here or in hostKeysFile',
    // Also when something else is wrong, so that all problems are reported at once.
    when: ({ value }) => typeof value === 'object' && value !== null,
  });

const backend = z.strictObject({
  /** Part of every volume id: never renamed. The address may change. */
  name: backendName,
  ssh,
  nvme: z.strictObject({
    /** Address of the storage network that nodes connect to. */
    address: host('nvme.port'),
    port: port.default(4420),
    /** Limits each export to the node's host NQN. Off by default: what RouterOS matches is not known (U20). */
    allowHostName: z.boolean().default(false),
  }),
  /** Storage network that its data address is on; nodes say which of them they reach. */
  network: z.string().regex(NETWORK_NAME, NETWORK_NAME_RULE).default(DEFAULT_NETWORK),
  /** Bytes that must stay free in each pool: a full Btrfs fails writes of every volume. */
  reserve: byteSize.prefault('1GiB'),
  /** Sum of the sizes of all volumes of a pool over its size, at most; absent for no limit. */
  overCommitRatio: z.number().min(1).max(100).optional(),
  pools: z
    .array(pool)
    .min(1)
    .max(6)
    .refine((pools) => pools.reduce((sum, { label }) => sum + label.length, 0) <= MAX_LABELS, {
      error: `the labels of all pools together have at most ${MAX_LABELS} characters: each command names them`,
    }),
});

export const configSchema = z
  .strictObject({
    driverName: z.string().regex(DRIVER_NAME, DRIVER_NAME_RULE).default('rds.rose-csi.io'),
    /** Tells clusters on one RDS apart. The uid of the namespace kube-system is a good one. */
    clusterId,
    /** Clusters that are gone and whose objects this one takes over: their ids, or `owner:` and the owner in their names. */
    adoptedClusterIds: z
      .array(
        clusterId.refine(
          (id) => !id.startsWith('owner:') || /^owner:[0-9a-f]{8}$/.test(id),
          'behind "owner:" belong the eight digits that follow the uuid in the names of its subvolumes',
        ),
      )
      .max(8)
      .default([]),
    snapshots: z
      .strictObject({
        /** Snapshots a minute that this controller takes at most; absent for no limit. */
        ratePerMinute: z.number().int().min(1).max(6000).optional(),
        /** Snapshots that may be taken at once after a quiet time. */
        burst: z.number().int().min(1).max(1000).default(10),
      })
      .prefault({}),
    /** Looking for what Kubernetes does not refer to; in a cluster only. */
    orphans: z
      .strictObject({
        enabled: z.boolean().default(false),
        intervalMinutes: z.number().int().min(5).max(1440).default(60),
        /** How long something must have looked orphaned to us before it is called so. */
        graceMinutes: z.number().int().min(10).max(43_200).default(1440),
        /** Of the Lease, the ConfigMap and the Events; by default the pod's own. */
        namespace: z
          .string()
          .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'the name of a namespace')
          .optional(),
        /** Removes what an interrupted call left of a volume without data; nothing else ever is. */
        deletePartial: z.boolean().default(false),
      })
      .prefault({}),
    /** Events about what needs attention; in a cluster only. */
    events: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
    /** Serves metrics for Prometheus; absent for none. */
    metrics: z
      .strictObject({
        /** Absent for all addresses. */
        address: host('metrics.port').optional(),
        /** 0 for any that is free, which the log shows. */
        port: z.number().int().min(0).max(65535),
      })
      .optional(),
    logLevel: z.enum(LOG_LEVELS).default('info'),
    backends: z.array(backend).min(1),
  })
  .superRefine((config, context) => {
    const problems = [...duplicates(config.backends), ...replicaProblems(config.backends)];
    for (const { path, message } of problems) context.addIssue({ code: 'custom', path, message });
  });

export type Config = z.output<typeof configSchema>;
export type BackendConfig = Config['backends'][number];

type Entry = readonly [text: string, path: (string | number)[]];

/** What is there twice: a name of a backend, a label in one backend, the uuid of a pool in any. */
function duplicates(backends: readonly z.output<typeof backend>[]) {
  const pools = backends.map((one, at) =>
    one.pools.map(({ label, uuid }, index) => ({ label, uuid, path: ['backends', at, 'pools', index] })),
  );
  return [
    ...twice(backends.map(({ name }, at): Entry => [name, ['backends', at, 'name']])),
    ...pools.flatMap((some) => twice(some.map(({ label, path }): Entry => [label, [...path, 'label']]))),
    ...twice(
      pools.flat().map(({ uuid, path }): Entry => [uuid, [...path, 'uuid']]),
      '; a pool belongs to one backend and is listed once',
    ),
  ];
}

function twice(entries: readonly Entry[], rule = '') {
  return entries.flatMap(([text, path]) => {
    const first = entries.find(([other]) => other === text)?.[1] ?? path;
    return first === path ? [] : [{ path, message: `${text} is there twice, first in ${placeOf(first)}${rule}` }];
  });
}
