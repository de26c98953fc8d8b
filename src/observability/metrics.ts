/** The seam between the driver and its metrics. prom-client stands behind it, and is loaded only when it is turned on. */
import type { KeysOf, LabelsOf } from './metric-list.ts';

/** Where the driver counts and measures. Nothing here throws or takes time worth counting. */
export interface Metrics {
  /** Adds `by` to a counter, one if it is left out; 0 makes it known before it has counted anything. */
  count<Key extends KeysOf<'counter'>>(key: Key, labels: LabelsOf<Key>, by?: number): void;
  /** Adds a duration in seconds to a histogram. */
  observe<Key extends KeysOf<'histogram'>>(key: Key, labels: LabelsOf<Key>, seconds: number): void;
  set<Key extends KeysOf<'gauge'>>(key: Key, labels: LabelsOf<Key>, value: number): void;
  /** Forgets the value of a gauge for these labels, or all: what is not known is reported as nothing, never as 0. */
  forget<Key extends KeysOf<'gauge'>>(key: Key, labels?: LabelsOf<Key>): void;
  /** Calls `work` right before metrics are read. It sets gauges from memory, and asks no one. */
  beforeReading(work: () => void): void;
}

/** Metrics that are turned off. */
export const noMetrics: Metrics = { count() {}, observe() {}, set() {}, forget() {}, beforeReading() {} };

/** Metrics that can be read. */
export interface ReadableMetrics extends Metrics {
  /** Media type of {@link read}. */
  readonly contentType: string;
  /** All of them in the text format of Prometheus. */
  read(): Promise<string>;
}
