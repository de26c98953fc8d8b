import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcessError, type Processes, processes } from '../../host/processes.ts';
import { type Attributes, noTracer, type SpanOptions, type Tracer } from '../../observability/tracing.ts';
import { tracedProcesses } from './traced-processes.ts';

/** What became of one program. */
async function spanOf(work: (host: Processes) => Promise<unknown>) {
  const spans: { name: string; kind: SpanOptions['kind']; attributes: Attributes; failed?: string }[] = [];
  const tracer: Pick<Tracer, 'span'> = {
    async span(name, { kind, attributes = {} }, run) {
      const span: (typeof spans)[number] = { name, kind, attributes };
      spans.push(span);
      return await run({
        set(more) {
          span.attributes = { ...span.attributes, ...more };
        },
        fail(message) {
          span.failed = message;
        },
        linkFromCurrent: () => assert.fail('nothing is shared'),
        end: () => assert.fail('it ends with the work'),
      });
    },
  };
  const result = await work(tracedProcesses(processes(), { ...noTracer, ...tracer, start: () => assert.fail() })).catch(
    (error: unknown) => error,
  );
  const [span] = spans;
  assert.ok(span && spans.length === 1);
  return { ...span, result };
}

test('a program is reported by its name and its exit status, never by its arguments', async () => {
  const { name, kind, attributes, failed } = await spanOf((host) => host.run('echo', ['hunter2']));
  assert.deepEqual([name, kind, failed], ['run echo', 'client', undefined]);
  assert.deepEqual(attributes, { 'process.executable.name': 'echo', 'process.exit.code': 0 });
});

test('what is run by setpriv has its own name', async () => {
  const { name, attributes } = await spanOf((host) => host.ask('setpriv', ['--', 'false']));
  assert.deepEqual([name, attributes['process.exit.code']], ['run false', 1]);
});

test('an exit status is an answer to who asks, and a failure to who runs', async () => {
  const asked = await spanOf((host) => host.ask('false', []));
  assert.deepEqual([asked.attributes['process.exit.code'], asked.failed], [1, undefined]);
  const ran = await spanOf((host) => host.run('false', []));
  assert.deepEqual([ran.attributes['process.exit.code'], ran.failed], [1, 'it failed']);
  assert.ok(ran.result instanceof ProcessError);
});

test('one that is killed or cannot be started has no exit status', async () => {
  const late = await spanOf((host) => host.ask('sleep', ['60'], { timeoutMs: 20 }));
  assert.deepEqual([late.attributes, late.failed], [{ 'process.executable.name': 'sleep' }, 'it was killed']);
  const absent = await spanOf((host) => host.ask('/nowhere/at-all', []));
  assert.deepEqual([absent.attributes['process.exit.code'], absent.failed], [undefined, 'it failed']);
});
