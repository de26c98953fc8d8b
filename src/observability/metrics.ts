import { Counter, Gauge, Registry } from 'prom-client';

/** What is counted and measured, in one registry of its own. */
export interface Metrics {
  readonly registry: Registry;
  /** Objects that nothing refers to, as the last complete pass found them; by backend, and kind of object. */
  readonly orphans: Gauge<'backend' | 'kind'>;
  /** Passes of the orphan report, by outcome. */
  readonly orphanPasses: Counter<'outcome'>;
  /** Unix seconds at which the last complete pass ended. */
  readonly orphanPassTime: Gauge;
}

/** Metrics that begin at nothing. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    orphans: new Gauge({
      name: 'rose_csi_orphans',
      help: 'Volumes, snapshots and half-made volumes on the boxes that nothing in Kubernetes refers to.',
      labelNames: ['backend', 'kind'],
      registers,
    }),
    orphanPasses: new Counter({
      name: 'rose_csi_orphan_passes_total',
      help: 'Passes of the orphan report.',
      labelNames: ['outcome'],
      registers,
    }),
    orphanPassTime: new Gauge({
      name: 'rose_csi_orphan_last_pass_timestamp_seconds',
      help: 'When the last complete pass of the orphan report ended.',
      registers,
    }),
  };
}
