import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { parseConfig } from '../../src/config/load.ts';
import { type MetricDefinition, metricList } from '../../src/observability/metric-list.ts';
import { anchorsOf } from '../docs/pages.ts';
import {
  containerOf,
  controllerFile,
  dataOf,
  type KubeObject,
  ofKind,
  only,
  pod,
  rendering,
  SETS,
} from './manifests.ts';

/** The sets of values with all that there is about metrics, and with the ports alone. */
const ON = 'everything';
const ALONE = 'two-replicas';
const ports = z.looseObject({ ports: z.array(z.looseObject({ name: z.string(), containerPort: z.number() })) });
const labelled = z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }) });
const workload = z.looseObject({ spec: z.looseObject({ template: labelled }) });
const service = z.looseObject({
  spec: z.looseObject({
    clusterIP: z.string(),
    publishNotReadyAddresses: z.boolean(),
    selector: z.record(z.string(), z.string()),
    ports: z.array(z.looseObject({ name: z.string(), port: z.number(), targetPort: z.string() })),
  }),
});
const endpoint = z.looseObject({ port: z.string(), interval: z.string() });
const monitor = z.looseObject({
  spec: z.looseObject({
    selector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
    endpoints: z.array(endpoint).optional(),
    podMetricsEndpoints: z.array(endpoint).optional(),
  }),
});
const policy = z.looseObject({ spec: z.looseObject({ ingress: z.array(z.unknown()) }) });
const alert = z.strictObject({
  alert: z.string().regex(/^RoseCsi[A-Z][A-Za-z]+$/),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.url() }),
});
const rules = z.looseObject({
  spec: z.strictObject({ groups: z.array(z.strictObject({ name: z.string(), rules: z.array(alert) })) }),
});
const dashboard = z.looseObject({
  panels: z.array(
    z.looseObject({
      id: z.number(),
      title: z.string(),
      targets: z.array(z.looseObject({ expr: z.string(), legendFormat: z.string() })).default([]),
    }),
  ),
  templating: z.looseObject({ list: z.array(z.looseObject({ name: z.string(), query: z.unknown() })) }),
});

const objects = rendering(ON);
const fits = (wanted: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>) =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);
const podLabels = (kind: string) => workload.parse(only(objects, kind)).spec.template.metadata.labels;

function metricsPort(all: readonly KubeObject[], kind: 'Deployment' | 'DaemonSet'): number | undefined {
  const parsed = ports.safeParse(containerOf(pod(all, kind), 'rose-csi'));
  return parsed.data?.ports.find(({ name }) => name === 'metrics')?.containerPort;
}

test('the driver listens where its pods say it does', () => {
  const config = parseConfig(parse(controllerFile(objects)), 'the ConfigMap');
  assert.deepEqual(config.metrics, { port: 19809 });
  assert.equal(metricsPort(objects, 'Deployment'), 19809);
  assert.equal(metricsPort(objects, 'DaemonSet'), 19810);
  const { args, env } = containerOf(pod(objects, 'DaemonSet'), 'rose-csi');
  assert.ok(args.includes('--metrics-port=19810') && args.includes('--metrics-address=$(POD_IP)'));
  assert.deepEqual(env.find(({ name }) => name === 'POD_IP')?.valueFrom, { fieldRef: { fieldPath: 'status.podIP' } });
});

test('the Service finds the controllers, each of them, also those that find no RDS', () => {
  const { spec } = service.parse(only(objects, 'Service'));
  assert.ok(fits(spec.selector, podLabels('Deployment')) && !fits(spec.selector, podLabels('DaemonSet')));
  assert.deepEqual([spec.clusterIP, spec.publishNotReadyAddresses], ['None', true]);
  assert.deepEqual(spec.ports, [{ name: 'metrics', port: 19809, targetPort: 'metrics', protocol: 'TCP' }]);
});

test('the monitors find the Service and the nodes, by the names of their ports', () => {
  const controllers = monitor.parse(only(objects, 'ServiceMonitor')).spec;
  const found = ofKind(objects, 'Service').filter((one) =>
    fits(controllers.selector.matchLabels, labelled.parse(one).metadata.labels),
  );
  assert.equal(found.length, 1);
  const nodes = monitor.parse(only(objects, 'PodMonitor')).spec;
  assert.ok(fits(nodes.selector.matchLabels, podLabels('DaemonSet')));
  assert.ok(!fits(nodes.selector.matchLabels, podLabels('Deployment')));
  for (const endpoints of [controllers.endpoints, nodes.podMetricsEndpoints]) {
    assert.deepEqual(
      endpoints?.map(({ port, interval }) => [port, interval]),
      [['metrics', '30s']],
    );
  }
  for (const kind of ['ServiceMonitor', 'PodMonitor', 'PrometheusRule']) {
    assert.equal(labelled.parse(only(objects, kind)).metadata.labels['release'], 'prometheus');
  }
});

test('the scrape is let in to the controller, from where the values say and to that port only', () => {
  const [rule, ...more] = policy.parse(only(objects, 'NetworkPolicy')).spec.ingress;
  const from = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }];
  assert.deepEqual([rule, more], [{ ports: [{ port: 19809, protocol: 'TCP' }], from }, []]);
});

test('metrics alone need no Operator, and are there for everyone in the cluster', () => {
  const all = rendering(ALONE);
  assert.deepEqual([metricsPort(all, 'Deployment'), metricsPort(all, 'DaemonSet')], [9809, 9810]);
  assert.equal(ofKind(all, 'Service').length, 1);
  assert.deepEqual(
    all.filter(({ apiVersion }) => apiVersion.startsWith('monitoring.coreos.com/')),
    [],
  );
  const { ingress } = policy.parse(only(all, 'NetworkPolicy')).spec;
  assert.deepEqual(ingress, [{ ports: [{ port: 9809, protocol: 'TCP' }] }]);
});

test('without metrics there is no port, no Service, and no one is let in', () => {
  for (const set of SETS.filter((one) => one !== ON && one !== ALONE)) {
    const all = rendering(set);
    assert.equal(metricsPort(all, 'Deployment'), undefined);
    assert.equal(metricsPort(all, 'DaemonSet'), undefined);
    for (const kind of ['Service', 'ServiceMonitor', 'PodMonitor', 'PrometheusRule']) {
      assert.deepEqual(ofKind(all, kind), [], `${set}: ${kind}`);
    }
    for (const object of ofKind(all, 'NetworkPolicy')) assert.deepEqual(policy.parse(object).spec.ingress, []);
    assert.equal(parseConfig(parse(controllerFile(all)), set).metrics, undefined);
  }
});

const alerts = rules.parse(only(objects, 'PrometheusRule')).spec.groups.flatMap((group) => group.rules);
const configMap = ofKind(objects, 'ConfigMap').find(({ metadata }) => metadata.name.endsWith('-dashboard'));
assert.ok(configMap);
const board = dashboard.parse(JSON.parse(dataOf(configMap, 'rose-csi.json')));
const shown = board.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr, legendFormat }): [string, string, string] => [title, expr, legendFormat]),
);

/** Every series that the driver tells, with its labels. */
const series = new Map<string, readonly string[]>(
  Object.values(metricList).flatMap(({ name, type, labels }: MetricDefinition): [string, readonly string[]][] =>
    type === 'histogram'
      ? [
          [`${name}_bucket`, [...labels, 'le']],
          [`${name}_sum`, labels],
          [`${name}_count`, labels],
        ]
      : [[name, labels]],
  ),
);
/** Labels that Prometheus adds to everything it scrapes, or the PodMonitor to the nodes. */
const OWN_LABELS = ['instance', 'job', 'node'];
const WORDS = new Set('by on max min sum rate increase histogram_quantile time absent group_left'.split(' '));

/** The names in an expression that are no words of PromQL: metrics, and the labels that results are grouped by. */
function namesIn(expr: string) {
  const bare = expr.replaceAll(/"[^"]*"/g, '""').replaceAll(/\[[^\]]*\]/g, '');
  const matchers = [...bare.matchAll(/\b([a-z_:]+)\{([^}]*)\}/g)].flatMap(([, name = '', inner = '']) =>
    inner.split(',').map((matcher) => [name, /^([a-z_]+)(?:=|!=|=~|!~)""$/.exec(matcher)?.[1] ?? matcher] as const),
  );
  const groupings = [...bare.matchAll(/\b(?:by|on|group_left) \(([^)]*)\)/g)].flatMap(([, inner = '']) =>
    inner.split(', '),
  );
  const plain = bare.replaceAll(/\{[^}]*\}/g, '').replaceAll(/\b(?:by|on|group_left) \([^)]*\)/g, '');
  const metrics = (plain.match(/\b[a-z_]+[a-z0-9_:]*\b/g) ?? []).filter((word) => !WORDS.has(word));
  return { metrics, matchers, groupings };
}

function assertBalanced(expr: string): void {
  const open: string[] = [];
  for (const sign of expr.replaceAll(/"[^"]*"/g, '').match(/[()[\]{}]/g) ?? []) {
    if ('([{'.includes(sign)) open.push(sign);
    else assert.equal(`${open.pop()}${sign}`, { ')': '()', ']': '[]', '}': '{}' }[sign], expr);
  }
  assert.deepEqual(open, [], expr);
}

test('every expression of the alerts and the dashboard asks for metrics of the driver, by labels that they have', () => {
  for (const expr of [...alerts.map((rule) => rule.expr), ...shown.map(([, text]) => text)]) {
    assertBalanced(expr);
    const { metrics, matchers, groupings } = namesIn(expr);
    assert.ok(metrics.length > 0, expr);
    for (const name of metrics) assert.ok(series.has(name), `${name} in ${expr}`);
    for (const [name, label] of matchers) assert.ok(series.get(name)?.includes(label), `${name}{${label}}`);
    const known = [...OWN_LABELS, ...metrics.flatMap((name) => series.get(name) ?? [])];
    for (const label of groupings) assert.ok(known.includes(label), `${label} in ${expr}`);
    for (const [, name] of expr.matchAll(/(?:rate|increase)\(([a-z_]+)/g)) assert.match(name ?? '', /_(total|bucket)$/);
  }
});

test('what texts of alerts and legends of the dashboard name is left by their expressions', () => {
  const told = [
    ...alerts.map(({ expr, annotations }) => [expr, JSON.stringify(annotations)] as const),
    ...shown.map(([, expr, legend]) => [expr, legend.replaceAll('{{', '{{ $labels.')] as const),
  ];
  for (const [expr, text] of told) {
    for (const [, label = ''] of text.matchAll(/\$labels\.([a-z]+)/g)) {
      assert.ok(namesIn(expr).groupings.includes(label), `${label} of ${expr}`);
    }
  }
});

test('each alert has a section on what to do in docs/metrics.md, and no alert is reported there that is not', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');
  const names = alerts.map((rule) => rule.alert);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(new Set(page.match(/\bRoseCsi[A-Za-z]+/g)), new Set(names));
});

test('the runbook of each alert is its own section in docs/metrics.md', () => {
  const { home } = parse(readFileSync(join(import.meta.dirname, '../../charts/rose-csi/Chart.yaml'), 'utf8')) as {
    home: string;
  };
  for (const { alert: name, annotations } of alerts) {
    const [page, anchor = ''] = annotations.runbook_url.split('#');
    assert.equal(page, `${home}/blob/main/docs/metrics.md`);
    assert.equal(anchor, name.toLowerCase());
    assert.ok(anchorsOf('docs/metrics.md').includes(anchor), name);
  }
});

test('panels have ids of their own and lie beside each other, and the variables are those that are used', () => {
  const ids = board.panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const text = JSON.stringify(board);
  assert.deepEqual(
    new Set([...text.matchAll(/\$\{?([a-z]+)\b/g)].map((match) => match[1])),
    new Set(board.templating.list.map(({ name }) => name)),
  );
});
