/** A controller in a cluster, spoken to as the sidecars of the chart do. */
import type { TestContext } from 'node:test';
import type { Patience } from '../../src/app/backends.ts';
import { defaultRetryPolicy } from '../../src/routeros/index.ts';
import { MiB, outcome } from '../support/calls.ts';
import { KubernetesApi, type SeenEvent } from '../support/kubernetes-api.ts';
import { volumeRequest } from '../support/requests.ts';
import { type Stack, type StackOptions, startStack } from '../support/stack.ts';

/**
 * An RDS that is lost is given up and retried in tenths of a second.
 *
 * @param maxBreakMs users are notified when it has lasted for twice this long
 */
export const impatient = (maxBreakMs: number): Patience => ({
  retryPolicy: {
    rules: defaultRetryPolicy.rules.map((rule) => ({ ...rule, firstPauseMs: 1, maxPauseMs: 1 })),
    budgetMs: 500,
  },
  breaker: { failures: 2, firstBreakMs: 5, maxBreakMs },
});

type Extra = Parameters<typeof volumeRequest>[2];

/** A claim that asks for a volume. */
class TestClaim {
  readonly name: string;
  readonly uid = crypto.randomUUID();
  readonly #stack: Stack;

  constructor(stack: Stack, name: string) {
    this.#stack = stack;
    this.name = name;
  }

  /** What csi-provisioner asks for it. @returns the code of the answer */
  async provision(bytes = MiB, extra: Extra = {}, controller = this.#stack.controller): Promise<string> {
    const parameters = {
      'csi.storage.k8s.io/pvc/namespace': 'shop',
      'csi.storage.k8s.io/pvc/name': this.name,
      ...extra?.parameters,
    };
    return await outcome(controller.createVolume(volumeRequest(`pvc-${this.uid}`, bytes, { ...extra, parameters })));
  }
}

export interface Fixture extends Stack {
  readonly kubernetes: KubernetesApi;
  claim(name?: string): TestClaim;
  /** What csi-snapshotter asks for a VolumeSnapshot. @returns the code of the answer */
  snapshot(uid: string, sourceVolumeId: string, parameters?: Readonly<Record<string, string>>): Promise<string>;
  /** Events about objects of a kind. */
  about(kind: string): SeenEvent[];
}

export async function startFixture(t: TestContext, options: StackOptions = {}): Promise<Fixture> {
  const kubernetes = await KubernetesApi.start(t);
  const stack = await startStack(t, { ...options, access: kubernetes.access });
  const metadata = {
    'csi.storage.k8s.io/volumesnapshot/namespace': 'shop',
    'csi.storage.k8s.io/volumesnapshot/name': 'nightly',
    'csi.storage.k8s.io/volumesnapshotcontent/name': 'snapcontent-1',
  };
  return {
    ...stack,
    kubernetes,
    claim: (name = 'data') => new TestClaim(stack, name),
    snapshot: async (uid, sourceVolumeId, parameters = {}) => {
      const request = { name: `snap-${uid}`, sourceVolumeId, parameters: { ...metadata, ...parameters } };
      return await outcome(stack.controller.createSnapshot(request));
    },
    about: (kind) => kubernetes.events().filter(({ involvedObject }) => involvedObject['kind'] === kind),
  };
}

/** Does something so often, one after the other. @returns the different outcomes */
export async function repeated(times: number, work: () => Promise<string>): Promise<string[]> {
  const outcomes = new Set<string>();
  for (let time = 0; time < times; time += 1) outcomes.add(await work());
  return [...outcomes];
}
