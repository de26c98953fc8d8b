import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samplerNames, tracingSettings } from './tracing-settings.ts';

const GENERAL = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const OWN = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
const on = { [GENERAL]: 'http://collector:4318' };

for (const [what, env] of [
  ['no variable is set', {}],
  ['the endpoint is empty', { [GENERAL]: ' ' }],
  ['only others are set', { OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' }],
  ['the SDK is disabled', { ...on, OTEL_SDK_DISABLED: 'true' }],
  ['the SDK is disabled in capitals', { ...on, OTEL_SDK_DISABLED: 'TRUE' }],
] as const) {
  test(`tracing is off, silently, when ${what}`, () => {
    assert.deepEqual(tracingSettings(env), { settings: undefined, complaints: [] });
  });
}

test('the endpoint for all signals gets the path of traces, the one for traces is taken as it is', () => {
  const url = (env: Record<string, string>) => tracingSettings(env).settings?.url;
  assert.equal(url(on), 'http://collector:4318/v1/traces');
  assert.equal(url({ [GENERAL]: 'https://collector/otlp/' }), 'https://collector/otlp/v1/traces');
  assert.equal(url({ [OWN]: 'http://collector:4318/elsewhere' }), 'http://collector:4318/elsewhere');
  assert.equal(url({ ...on, [OWN]: 'http://other:4318' }), 'http://other:4318/');
  assert.equal(url({ ...on, OTEL_SDK_DISABLED: 'false' }), 'http://collector:4318/v1/traces');
});

test('an endpoint that is none turns tracing off with a word, which does not repeat what may be a password', () => {
  for (const bad of ['collector:4318', 'grpc://u:hunter2@collector', 'not a hunter2 address']) {
    const { settings, complaints } = tracingSettings({ [OWN]: bad });
    assert.equal(settings, undefined);
    assert.match(complaints.join(), /^OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is no http:\/\//);
    assert.doesNotMatch(complaints.join(), /hunter2/);
  }
});

test('each sampler is known by its name, and those by ratio have one', () => {
  for (const name of samplerNames) {
    const env = { ...on, OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: '0.25' };
    const ratio = name.endsWith('traceidratio') ? 0.25 : 1;
    const { settings, complaints } = tracingSettings(env);
    assert.deepEqual([settings?.sampler, complaints], [{ name, ratio }, []]);
  }
  assert.deepEqual(tracingSettings(on).settings?.sampler, { name: 'parentbased_always_on', ratio: 1 });
});

test('a sampler, a ratio and a protocol that are not known are named, and the default is used', () => {
  for (const [variable, value, name] of [
    ['OTEL_TRACES_SAMPLER', 'xray', 'parentbased_always_on'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5', 'traceidratio'],
    ['OTEL_TRACES_SAMPLER_ARG', 'half', 'traceidratio'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'traceidratio'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/protobuf', 'traceidratio'],
  ] as const) {
    const { settings, complaints } = tracingSettings({ ...on, OTEL_TRACES_SAMPLER: 'traceidratio', [variable]: value });
    assert.deepEqual(settings?.sampler, { name, ratio: 1 });
    assert.equal(complaints.length, 1);
    assert.ok(complaints[0]?.startsWith(`${variable}="${value}"`), complaints[0]);
  }
  const spoken = { ...on, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
  assert.deepEqual(tracingSettings(spoken).complaints, []);
});
