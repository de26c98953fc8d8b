import assert from 'node:assert/strict';
import { type MetricKey, metricList } from '../../src/observability/metric-list.ts';
import { until } from '../support/until.ts';

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** What one scrape brought. */
export class Scrape {
  readonly text: string;
  readonly #samples: readonly Sample[];

  constructor(text: string) {
    this.text = text;
    this.#samples = text.split('\n').flatMap((line) => (line === '' || line.startsWith('#') ? [] : [parse(line)]));
  }

  /** Names of all samples. */
  get names(): ReadonlySet<string> {
    return new Set(this.#samples.map(({ name }) => name));
  }

  /** The value for exactly these labels; undefined when there is none. */
  value(key: MetricKey, labels: Labels = {}): number | undefined {
    return this.#named(metricList[key].name, labels);
  }

  /** How many durations a histogram has seen. */
  count(key: MetricKey, labels: Labels): number | undefined {
    return this.#named(`${metricList[key].name}_count`, labels);
  }

  #named(name: string, labels: Labels): number | undefined {
    const fitting = this.#samples.filter((sample) => sample.name === name && isSame(sample.labels, labels));
    assert.ok(fitting.length < 2, `${name} is there twice`);
    return fitting[0]?.value;
  }
}

function isSame(a: Labels, b: Labels): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** One line of the text format, strictly: https://prometheus.io/docs/instrumenting/exposition_formats */
function parse(line: string): Sample {
  const [, name = '', inner = '', number = ''] = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const pairs = [...inner.matchAll(/([a-z_]+)="((?:[^"\\]|\\[\\n"])*)"(?:,|$)/g)];
  assert.equal(pairs.map(([pair]) => pair).join(''), inner, line);
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number);
  assert.ok(name !== '' && !Number.isNaN(value), line);
  return { name, labels: Object.fromEntries(pairs.map(([, key, text]) => [key ?? '', text ?? ''])), value };
}

/** Asks as Prometheus does. */
export async function scrape(port: number | undefined): Promise<Scrape> {
  assert.ok(port !== undefined, 'metrics are off');
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  return new Scrape(await response.text());
}

/** Asks until a scrape is as wanted. */
export async function scrapeUntil(port: number | undefined, isWanted: (found: Scrape) => boolean): Promise<Scrape> {
  let last = await scrape(port);
  await until(async () => {
    if (isWanted(last)) return true;
    last = await scrape(port);
    return isWanted(last);
  }, 30_000);
  return last;
}

/** The configuration that turns metrics on, for a controller of a test. */
export const METRICS_ON = { metrics: { address: '127.0.0.1', port: 0 } };
