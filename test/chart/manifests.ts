import { deepEqual } from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { applied, baseOf } from '../../scripts/chart/difference.ts';
import { GOLDEN, MANIFESTS } from '../../scripts/chart/files.ts';

/** The parts of Kubernetes objects that the tests look at; all else is kept as it is. */
const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
  env: z.array(z.looseObject({ name: z.string(), valueFrom: z.looseObject({}).optional() })).default([]),
  envFrom: z.array(z.unknown()).default([]),
  volumeMounts: z
    .array(z.looseObject({ name: z.string(), mountPath: z.string(), subPath: z.string().optional() }))
    .default([]),
  securityContext: z.looseObject({
    privileged: z.boolean().optional(),
    readOnlyRootFilesystem: z.boolean().optional(),
    allowPrivilegeEscalation: z.boolean().optional(),
    runAsUser: z.number().optional(),
    capabilities: z.looseObject({ drop: z.array(z.string()), add: z.array(z.string()).optional() }).optional(),
  }),
  startupProbe: z.looseObject({}).optional(),
  readinessProbe: z.looseObject({}).optional(),
  livenessProbe: z.looseObject({}).optional(),
});

const podSpec = z.looseObject({
  serviceAccountName: z.string(),
  automountServiceAccountToken: z.boolean().optional(),
  priorityClassName: z.string().optional(),
  hostNetwork: z.boolean().optional(),
  hostPID: z.boolean().optional(),
  securityContext: z.looseObject({
    runAsNonRoot: z.boolean().optional(),
    runAsUser: z.number().optional(),
    seccompProfile: z.looseObject({ type: z.string() }),
  }),
  initContainers: z.array(container).default([]),
  containers: z.array(container),
  volumes: z.array(z.looseObject({ name: z.string() })),
});

const workload = z.looseObject({ spec: z.looseObject({ template: z.looseObject({ spec: podSpec }) }) });

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/** A Kubernetes object. */
export type KubeObject = z.infer<typeof object>;
export type Container = z.infer<typeof container>;
export type PodSpec = z.infer<typeof podSpec>;

/** Names of the sets of values whose renderings are kept; `test/chart/helm.spec.ts` proves that they are current. */
export const SETS: readonly string[] = globSync('*.values.yaml', { cwd: GOLDEN })
  .map((name) => name.replace('.values.yaml', ''))
  .sort();

/** The objects of a rendering, but for the console, which is a thing of its own. */
export function rendering(set: string): readonly KubeObject[] {
  return objectsIn(renderedText(set)).filter((found) => !isOfConsole(found));
}

/** The objects of the console in a rendering; none where it is off. */
export function consoleIn(set: string): readonly KubeObject[] {
  return objectsIn(renderedText(set)).filter(isOfConsole);
}

const labelled = z.looseObject({ labels: z.record(z.string(), z.string()).default({}) });

function isOfConsole({ metadata }: KubeObject): boolean {
  return labelled.parse(metadata).labels['app.kubernetes.io/component'] === 'console';
}

/** A rendering as Helm writes it, put together where only a difference is kept. */
export function renderedText(set: string): string {
  const whole = join(GOLDEN, `${set}.yaml`);
  if (existsSync(whole)) return readFileSync(whole, 'utf8');
  const difference = readFileSync(join(GOLDEN, `${set}.diff`), 'utf8');
  const base = baseOf(difference);
  const isOfManifests = base === basename(MANIFESTS);
  return applied(isOfManifests ? readFileSync(MANIFESTS, 'utf8') : renderedText(basename(base, '.yaml')), difference);
}

/** The objects in a YAML stream. @throws when it is not YAML, or one is not an object of Kubernetes. */
export function objectsIn(text: string): readonly KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    const content: unknown = document.toJS();
    return content === null ? [] : [object.parse(content)];
  });
}

export function ofKind(objects: readonly KubeObject[], kind: string): readonly KubeObject[] {
  return objects.filter((candidate) => candidate.kind === kind);
}

/** The one object of a kind. @throws when there is not exactly one. */
export function only(objects: readonly KubeObject[], kind: string): KubeObject {
  const [found, ...more] = ofKind(objects, kind);
  if (found === undefined || more.length > 0) throw new Error(`not exactly one ${kind}`);
  return found;
}

/**
 * What the pods of the controller (Deployment) or of the nodes (DaemonSet) are, wherever they run, or the one of
 * `helm test` (Pod).
 *
 * @throws when groups of nodes differ in more than where they are and which networks they reach.
 */
export function pod(objects: readonly KubeObject[], kind: 'Deployment' | 'DaemonSet' | 'Pod'): PodSpec {
  if (kind === 'Pod') return podSpec.parse(only(objects, kind)['spec']);
  const [first, ...others] = ofKind(objects, kind).map((found) => workload.parse(found).spec.template.spec);
  if (first === undefined) throw new Error(`no ${kind}`);
  for (const other of others) deepEqual(common(other), common(first));
  return first;
}

/** A pod without what distinguishes its group of nodes. */
function common({ nodeSelector: _, ...spec }: PodSpec): object {
  const containers = spec.containers.map((one) => ({
    ...one,
    args: one.args.filter((arg) => !arg.startsWith('--networks=')),
  }));
  return { ...spec, containers };
}

/** @throws when the pod has no container of that name. */
export function containerOf({ containers }: PodSpec, name: string): Container {
  const found = containers.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no container ${name}`);
  return found;
}

/** A part of a ConfigMap. */
export function dataOf(configMap: KubeObject, key: string): string {
  const { data } = z.looseObject({ data: z.record(z.string(), z.string()) }).parse(configMap);
  const text = data[key];
  if (text === undefined) throw new Error(`no ${key} in the ConfigMap`);
  return text;
}

/** The configuration file of the controller. @throws when there is not exactly one. */
export function controllerFile(objects: readonly KubeObject[]): string {
  const maps = objects.filter(({ metadata }) => metadata.name.endsWith('-controller'));
  return dataOf(only(maps, 'ConfigMap'), 'controller.yaml');
}
