import { openBackend } from '../../app/backends.ts';
import { accessFor } from '../../app/cluster-access.ts';
import { COPY_WORDS } from '../../app/copies.ts';
import { replicaPairs } from '../../app/replicators.ts';
import { VERSION } from '../../app/version.ts';
import type { ClusterFlags } from '../../cli/flags.ts';
import type { Config } from '../../config/schema.ts';
import type { Access } from '../../kubernetes/access.ts';
import { Reader } from '../../kubernetes/reader.ts';
import { createLogger } from '../../observability/log.ts';
import type { RetryPolicy } from '../../routeros/index.ts';
import { identity } from '../../storage/ids.ts';
import { StorageService } from '../../storage/service.ts';
import { answer } from '../../why/answer.ts';
import { openBackends } from '../../why/command/backends.ts';
import { gather } from '../../why/gather.ts';
import { answerJson } from '../../why/json.ts';
import { parseSubject } from '../../why/subject.ts';
import { BackendReader } from '../backend-reading.ts';
import { buildScene } from '../build-scene.ts';
import { type ClusterState, readCluster } from '../cluster-reading.ts';
import { PairReader } from '../pair-reading.ts';
import type { Scene, WhyScene } from '../scene.ts';
import { visibleTexts } from '../visible-texts.ts';

/** What the console looks at. */
export interface OpenedConsole {
  /** Reads everything. What cannot be read is said in the scene. */
  read(): Promise<Scene>;
  /** @throws Error when the object cannot be asked about */
  why(object: string, namespace: string): Promise<WhyScene>;
}

export interface OpenFlags extends ClusterFlags {
  /** The file of the configuration, as commands are to name it. */
  readonly config: string;
  readonly deviceOnly?: boolean;
}

/** How long a question of `why` to an RDS may take, in ms. */
const WHY_MS = 20_000;
const REQUEST_MS = 10_000;

/** One repeat: someone waits for the answer, and an RDS that cannot be reached is an answer, too. */
const PATIENCE: RetryPolicy = {
  rules: [{ kinds: ['unreachable', 'unknown'], retries: 1, firstPauseMs: 500, maxPauseMs: 500 }],
  budgetMs: WHY_MS,
};

/** Opens the backends of a configuration, and finds the cluster beside them, for as long as the thread runs. Nothing is connected yet. */
export async function openConsole(config: Config, flags: OpenFlags): Promise<OpenedConsole> {
  const { driverName: driver, clusterId } = config;
  const ours = identity(driver, clusterId, config.adoptedClusterIds);
  const logger = createLogger('fatal');
  const backends = config.backends.map((backend) =>
    openBackend(backend, { owners: ours.owners, logger, patience: { retryPolicy: PATIENCE } }),
  );
  const storage = new StorageService({ backends, identity: ours });
  const pairs = replicaPairs(config.backends, backends);
  const readers = backends.map((backend) => new BackendReader(backend, storage, pairs));
  const pairReaders = pairs.map((pair) => new PairReader(pair));
  const chain = openBackends(config, WHY_MS);
  const access = (): Promise<Access> => accessFor(flags);
  const settings = {
    version: VERSION,
    driver,
    clusterId,
    owner: ours.owner,
    configFile: flags.config,
    words: COPY_WORDS,
  };
  // Whoever ends a reading ends the thread.
  const { signal } = new AbortController();
  let unseenBefore: ReadonlySet<string> = new Set();
  return {
    async read() {
      // Kubernetes after the RDS: what is made in between does no harm then (orphans/references.ts).
      const states = await Promise.all(readers.map((reader) => reader.read(signal)));
      const copying = await Promise.all(pairReaders.map((reader) => reader.read(states, signal)));
      const cluster = flags.deviceOnly === true ? ({ is: 'off' } as const) : await askCluster(access, signal);
      const readings = { backends: states, pairs: copying, cluster, unseenBefore, now: Date.now() };
      const { scene, unseen } = buildScene(readings, settings);
      unseenBefore = unseen;
      return scene;
    },
    async why(object, namespace) {
      if (flags.deviceOnly === true) throw new Error('Kubernetes is not asked: the console runs with --device-only');
      const subject = parseSubject(object, namespace);
      const reader = new Reader(await access(), REQUEST_MS, AbortSignal.timeout(2 * WHY_MS));
      const question = { subject, driver, backends: chain, now: Date.now(), configFile: flags.config };
      return visibleTexts(answerJson(answer(await gather(reader, question)))) as WhyScene;
    },
  };
}

async function askCluster(access: () => Promise<Access>, signal: AbortSignal): Promise<ClusterState> {
  try {
    return await readCluster(await access(), signal);
  } catch (error) {
    return { is: 'unseen', because: error instanceof Error ? error.message : String(error) };
  }
}
