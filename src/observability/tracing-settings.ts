/** The variables of OpenTelemetry that this driver reads itself (https://opentelemetry.io/docs/specs/otel/configuration). */

/** Samplers by their standard names. */
export const samplerNames = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export interface SamplerSettings {
  readonly name: (typeof samplerNames)[number];
  /** Part of the traces that is kept, 0 to 1; for the samplers by ratio. */
  readonly ratio: number;
}

export interface TracingSettings {
  /** Where traces are sent, with the path. */
  readonly url: string;
  readonly sampler: SamplerSettings;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What the variables ask for: no settings when tracing is off, and a sentence for each value that is not used. */
export function tracingSettings(env: Environment): {
  readonly settings: TracingSettings | undefined;
  readonly complaints: readonly string[];
} {
  const complaints: string[] = [];
  const complain = (variable: string, value: string, why: string) =>
    complaints.push(`${variable}=${JSON.stringify(value)} ${why}`);
  const off = { settings: undefined, complaints };
  if (setting(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return off;
  const url = endpoint(env, complaints);
  if (url === undefined) return off;
  const variable = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'].find((one) =>
    setting(env, one),
  );
  const protocol = variable && setting(env, variable);
  if (variable && protocol && protocol !== 'http/json') complain(variable, protocol, 'is not spoken: http/json is');
  return { settings: { url, sampler: samplerOf(env, complain) }, complaints };
}

type Complain = (variable: string, value: string, why: string) => void;

/** An empty variable counts as none, as the specification has it. */
function setting(env: Environment, variable: string): string | undefined {
  const value = env[variable]?.trim();
  return value === '' ? undefined : value;
}

/**
 * The endpoint for traces is taken as it is, the one for all signals gets the path of traces appended. A wrong one is not
 * repeated in the complaint, as it may hold credentials.
 */
function endpoint(env: Environment, complaints: string[]): string | undefined {
  const own = setting(env, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const general = setting(env, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  const variable = own === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const text = own ?? general;
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    complaints.push(`${variable} is no http:// or https:// address: there will be no traces`);
    return undefined;
  }
  if (own === undefined) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}

function samplerOf(env: Environment, complain: Complain): SamplerSettings {
  const asked = setting(env, 'OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  const name = samplerNames.find((known) => known === asked);
  if (name === undefined) {
    complain(
      'OTEL_TRACES_SAMPLER',
      asked,
      `is not known, parentbased_always_on is used; known: ${samplerNames.join(', ')}`,
    );
    return { name: 'parentbased_always_on', ratio: 1 };
  }
  const argument = setting(env, 'OTEL_TRACES_SAMPLER_ARG');
  if (argument === undefined || !name.endsWith('traceidratio')) return { name, ratio: 1 };
  const ratio = Number(argument);
  if (ratio >= 0 && ratio <= 1) return { name, ratio };
  complain('OTEL_TRACES_SAMPLER_ARG', argument, 'is not a number from 0 to 1: 1 is used');
  return { name, ratio: 1 };
}
