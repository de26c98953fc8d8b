/** Metrics by prom-client. Loaded only when they are turned on. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type KeysOf, type MetricDefinition, type MetricKey, metricList } from './metric-list.ts';
import type { ReadableMetrics } from './metrics.ts';

/** Metrics that begin at nothing, in a registry of their own; each is there from its first use on. */
export function prometheusMetrics(): ReadableMetrics {
  const registry = new Registry();
  const works: (() => void)[] = [];
  const counter = lazily<KeysOf<'counter'>, Counter>((key) => new Counter(configuration(key, registry)));
  const gauge = lazily<KeysOf<'gauge'>, Gauge>((key) => cleared(new Gauge(configuration(key, registry))));
  const histogram = lazily<KeysOf<'histogram'>, Histogram>((key) => new Histogram(configuration(key, registry)));
  return {
    contentType: registry.contentType,
    count: (key, labels, by = 1) => counter(key).inc(labels, by),
    observe: (key, labels, seconds) => histogram(key).observe(labels, seconds),
    set: (key, labels, value) => gauge(key).set(labels, value),
    forget(key, labels) {
      if (labels === undefined) cleared(gauge(key));
      else gauge(key).remove(labels);
    },
    beforeReading: (work) => void works.push(work),
    async read() {
      for (const work of works) work();
      return await registry.metrics();
    },
  };
}

function lazily<Key, Metric>(make: (key: Key) => Metric): (key: Key) => Metric {
  const made = new Map<Key, Metric>();
  return (key) => {
    const metric = made.get(key) ?? make(key);
    made.set(key, metric);
    return metric;
  };
}

/** prom-client begins a gauge without labels at 0, also when it is reset. */
function cleared(gauge: Gauge): Gauge {
  gauge.reset();
  gauge.remove({});
  return gauge;
}

function configuration(key: MetricKey, registry: Registry) {
  const { name, help, labels, buckets }: MetricDefinition = metricList[key];
  return { name, help, labelNames: labels, registers: [registry], ...(buckets && { buckets: [...buckets] }) };
}
