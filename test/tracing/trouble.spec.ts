/** A collector in trouble is no trouble for the driver. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { openTelemetry } from '../../src/observability/opentelemetry.ts';
import { makeVolume } from '../support/calls.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { startTracing } from './fixture.ts';

// How long the exporter goes on trying, and with it this process, after it was told to stop.
process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '2500';

/** As many spans as make a batch of the exporter, which is then sent at once. */
const BATCH = 512;

function memoryLog() {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { logger, warnings: () => lines.filter(({ level }) => Number(level) >= 40) };
}

test('while the collector is silent calls are answered, and stopping takes two seconds', async (t) => {
  const { collector, tracing } = await startTracing(t);
  const { controller } = await startStack(t, { tracer: tracing.tracer });
  collector.mood = 'never';
  const batch = Array.from({ length: BATCH }, () => tracing.tracer.span('filler', { kind: 'internal' }, async () => 1));
  await Promise.all(batch);
  await until(async () => collector.bodies.length > 0);
  await Promise.all(Array.from({ length: 10 }, () => makeVolume(controller)));
  const begin = performance.now();
  await tracing.stop();
  const ms = performance.now() - begin;
  assert.ok(ms >= 1_900 && ms < 5_000, `${ms} ms`);
});

test('a collector that answers with errors is reported once, and calls go on', async (t) => {
  const { logger, warnings } = memoryLog();
  const { collector, tracing } = await startTracing(t, undefined, logger);
  const { controller } = await startStack(t, { tracer: tracing.tracer });
  collector.mood = 'error';
  for (let batches = 1; batches <= 3; batches += 1) {
    for (let spans = 0; spans < BATCH; spans += 1) tracing.tracer.start('filler', { kind: 'internal' }).end();
    await until(async () => collector.bodies.length >= batches);
    await makeVolume(controller);
  }
  await tracing.stop();
  assert.deepEqual(
    warnings().map(({ msg, error, unsaid }) => [msg, error, unsaid]),
    [['traces were not delivered', 'Internal Server Error', 0]],
  );
});

test('a collector that is not there is reported by the reason', async (t) => {
  const { logger, warnings } = memoryLog();
  const { tracer, stop } = openTelemetry(
    { url: 'http://localhost:1/v1/traces', sampler: { name: 'always_on', ratio: 1 } },
    { name: 'a-test', version: '1.2.3' },
    logger,
  );
  t.after(stop);
  tracer.start('lost', { kind: 'internal' }).end();
  await stop();
  await until(async () => warnings().length > 0);
  assert.match(String(warnings()[0]?.['error']), /ECONNREFUSED/);
});

test('what waits for a collector is bounded', async (t) => {
  const { collector, tracing } = await startTracing(t);
  collector.mood = 'never';
  const many = 20_000;
  for (let spans = 0; spans < many; spans += 1) tracing.tracer.start('filler', { kind: 'internal' }).end();
  await until(async () => collector.bodies.length > 0);
  await tracing.stop();
  const sent = collector.bodies.join().split('"name":"filler"').length - 1;
  assert.ok(sent >= BATCH && sent <= 2048 + BATCH, `${sent} of ${many}`);
});
