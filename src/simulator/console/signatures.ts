import words from './builtins.json' with { type: 'json' };

/** What a parameter of a builtin holds: a value, a block of statements, or the options of `:serialize`. */
export interface Parameter {
  readonly name: string;
  readonly kind: 'value' | 'block' | 'options';
  readonly required: boolean;
}

/** The form of one `:command`. */
export interface Signature {
  /** Most variable names that come first, separated by commas; at least one if any. */
  readonly variables: number;
  /** `declares`: known to what follows the command; `binds`: known in the `do` block only. */
  readonly scope?: 'declares' | 'binds';
  /** Whether the command begins with something to assign to. */
  readonly target: boolean;
  /** Given without a name, in this order. */
  readonly positional: readonly Parameter[];
  readonly named: readonly Parameter[];
  /** Whether named parameters must keep their order (`:onerror`, docs/routeros.md, 1.3). */
  readonly ordered: boolean;
}

const value = (name: string): Parameter => ({ name, kind: 'value', required: true });
const block = (name: string): Parameter => ({ name, kind: 'block', required: true });
const optional = (parameter: Parameter): Parameter => ({ ...parameter, required: false });

function signature(form: Partial<Signature>): Signature {
  return { variables: 0, target: false, positional: [], named: [], ordered: false, ...form };
}

const conversion = signature({ positional: [value('value')] });

/** The builtins of RouterOS 7.24 with the names of their parameters (docs/routeros.md, 0.1). */
const deviceWords: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(words));

/** Whether the device has a builtin, or a parameter of one, whatever the simulator has. */
export function isDeviceWord(builtin: string, parameter?: string): boolean {
  const parameters = deviceWords.get(builtin);
  return parameters !== undefined && (parameter === undefined || parameters.includes(parameter));
}

/**
 * The builtins that are carried out. The device has more: `:global` outlives a script, `:quit` cannot be caught and
 * `:return` hangs (docs/routeros.md, 1.3), so the driver must do without. They are refused as what the simulator lacks.
 */
export const signatures: ReadonlyMap<string, Signature> = new Map([
  ['local', signature({ variables: 1, scope: 'declares', positional: [optional(value('value'))] })],
  ['set', signature({ target: true, positional: [value('value')] })],
  ['put', signature({ positional: [value('message')] })],
  ['error', signature({ positional: [value('message')] })],
  ['delay', signature({ positional: [value('delay-time')] })],
  ['nothing', signature({})],
  [
    'if',
    signature({
      positional: [value('condition')],
      named: [block('do'), optional(block('else'))],
      ordered: true,
    }),
  ],
  ['foreach', signature({ variables: 2, scope: 'binds', named: [value('in'), block('do')] })],
  [
    'for',
    signature({
      variables: 1,
      scope: 'binds',
      named: [value('from'), value('to'), optional(value('step')), block('do')],
    }),
  ],
  ['while', signature({ positional: [value('condition')], named: [block('do')] })],
  ['do', signature({ positional: [block('command')], named: [optional(value('while')), optional(block('on-error'))] })],
  ['onerror', signature({ variables: 1, scope: 'binds', named: [block('in'), block('do')], ordered: true })],
  ['len', conversion],
  ['tostr', conversion],
  ['tonum', conversion],
  ['totime', conversion],
  ['toarray', conversion],
  ['typeof', conversion],
  ['parse', conversion],
  ['pick', signature({ positional: [value('counter'), value('begin'), optional(value('end'))] })],
  ['find', signature({ positional: [value('in'), value('key')] })],
  [
    'serialize',
    signature({
      named: [value('to'), { name: 'options', kind: 'options', required: false }, value('value')],
    }),
  ],
]);
