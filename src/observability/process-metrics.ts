import type { Metrics } from './metrics.ts';

/**
 * What every process should report itself, under the names that are usual for it. More of Node.js is not measured: its
 * event loop and garbage collector can be watched only at a cost of memory and wakeups.
 */
export function measureProcess(metrics: Metrics): void {
  metrics.set('processStart', {}, Date.now() / 1000 - process.uptime());
  let counted = 0;
  metrics.beforeReading(() => {
    const { user, system } = process.cpuUsage();
    const seconds = (user + system) / 1_000_000;
    metrics.count('processCpu', {}, seconds - counted);
    counted = seconds;
    metrics.set('processMemory', {}, process.memoryUsage.rss());
  });
}
