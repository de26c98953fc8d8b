import type { Tracer } from '../observability/tracing.ts';
import type { ExecEnd, WatchExec } from '../routeros/index.ts';

/** How an exec ends that did what it was sent for, or that no one wanted any more; a refusal is an answer. */
const fine: ReadonlySet<ExecEnd['outcome']> = new Set(['ok', 'refused', 'cancelled']);

/** A span for each exec on an RDS, below the RPC that asked first; RPCs that share its answer link to it. No script text. */
export function execTracing(tracer: Tracer, backend: string): WatchExec {
  return ({ kind, attempt }) => {
    const attributes = { 'rose_csi.backend': backend, 'rose_csi.exec.kind': kind, 'rose_csi.exec.attempt': attempt };
    const span = tracer.start(`exec ${backend}`, { kind: 'client', attributes });
    return {
      joined: () => span.linkFromCurrent(),
      ended({ outcome, waitMs, runMs, bytes }) {
        span.set({
          'rose_csi.exec.outcome': outcome,
          'rose_csi.exec.wait_ms': waitMs,
          'rose_csi.exec.run_ms': runMs,
          'rose_csi.exec.bytes': bytes,
        });
        if (!fine.has(outcome)) span.fail(outcome);
        span.end();
      },
    };
  };
}
