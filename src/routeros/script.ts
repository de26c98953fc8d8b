/** What may stand in `${…}` of a {@link ros} template. */
export type ScriptValue = string | bigint | number | boolean | Script;

let fromTrustedText: (text: string) => Script;

/**
 * RouterOS script text that is one line and in which every value was quoted. Only the {@link ros} tag and {@link join}
 * make one, so whatever reaches the device has been through them.
 */
export class Script {
  readonly #text: string;

  static {
    fromTrustedText = (text) => new Script(text);
  }

  private constructor(text: string) {
    this.#text = text;
  }

  /** The name of a variable, `x` and a letter or digit, for the builder of scripts. */
  static variableName(letter: string): Script {
    if (!/^[A-Za-z0-9]$/.test(letter)) throw new RangeError(`not a letter or digit: ${letter}`);
    return new Script(`x${letter}`);
  }

  /** The script as it is sent: one line of printable ASCII. */
  get text(): string {
    return this.#text;
  }
}

/** Bytes that mean only themselves inside `"…"` (docs/routeros.md, 3); all others are sent as `\XX`. */
const PLAIN = /^[A-Za-z0-9 ._/:@%+,=~-]$/;

/** In expressions of our own also those that they are made of: inside of quotes, `\`, `"` and `$` alone are live. */
const PLAIN_IN_EXPRESSIONS = /^[A-Za-z0-9 ._/:@%+,=~^*|()[\]{}-]$/;

function quotedBytes(plain: RegExp): readonly string[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte);
    return plain.test(character) ? character : `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

const QUOTED_BYTE = quotedBytes(PLAIN);
const QUOTED_IN_EXPRESSIONS = quotedBytes(PLAIN_IN_EXPRESSIONS);

/**
 * Any text as a RouterOS string literal, `"…"`, byte for byte in UTF-8 (docs/routeros.md, 3).
 *
 * @throws TypeError for a lone surrogate, which has no UTF-8 form and would be changed silently.
 */
export function quote(value: string): string {
  return quoteWith(value, QUOTED_BYTE);
}

function quoteWith(value: string, quotedByte: readonly string[]): string {
  if (!value.isWellFormed()) {
    throw new TypeError('a lone surrogate cannot be sent to RouterOS');
  }
  return `"${Array.from(Buffer.from(value, 'utf8'), (byte) => quotedByte[byte]).join('')}"`;
}

/** A regular expression as an operand, shorter than {@link quote} would write it: a command has 4 KiB. */
function quotedExpression(expression: string): Script {
  return fromTrustedText(quoteWith(expression, QUOTED_IN_EXPRESSIONS));
}

function encode(value: ScriptValue): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'boolean':
      return value ? 'yes' : 'no';
    case 'number':
    case 'bigint':
      if (value < 0 || (typeof value === 'number' && !Number.isSafeInteger(value))) {
        throw new RangeError(`not a whole number that RouterOS could be sent exactly: ${value}`);
      }
      return value.toString();
    default:
      if (value instanceof Script) {
        return value.text;
      }
      throw new TypeError('a script takes strings, whole numbers, booleans and scripts');
  }
}

/**
 * Follows the quotes through one literal part of a template.
 *
 * @throws SyntaxError for what the device would misread: a string left open, a line break in a string, text that is not
 *   printable ASCII, and outside of strings a backslash or a `#`, which would swallow what follows.
 */
function scanLiteral(part: string): void {
  let inString = false;
  for (let at = 0; at < part.length; at += 1) {
    const character = part.charAt(at);
    if (character === '\n' ? inString : character < ' ' || character > '~') {
      throw new SyntaxError(`a script template may not hold ${JSON.stringify(character)} here: ${part}`);
    }
    if (character === '"') {
      inString = !inString;
    } else if (inString && character === '\\') {
      at += 1;
    } else if (!inString && (character === '\\' || character === '#')) {
      throw new SyntaxError(`a script template may not hold ${character} outside of a string: ${part}`);
    }
  }
  if (inString) {
    throw new SyntaxError(`a string is left open in a script template: ${part}`);
  }
}

/**
 * A line break and its indentation become one space, since an exec takes one line (docs/routeros.md, 1.1), and nothing
 * behind `{`, `;` or before `}`, where no space is needed: a command has 4 KiB.
 */
function collapse(parts: readonly string[]): readonly string[] {
  return parts.map((part, index) => {
    const begun = index === 0 ? part.replace(/^ *\n[ \n]*/, '') : part;
    const ended = index === parts.length - 1 ? begun.replace(/[ \n]*\n *$/, '') : begun;
    return ended
      .replace(/([{;]) *\n[ \n]*/g, '$1')
      .replace(/ *\n[ \n]*(}?)/g, (_, brace: string) => brace || ' ')
      .replace(/"(?:\\.|[^"\\])*"|; +/g, (found) => (found.startsWith(';') ? ';' : found));
  });
}

/** The parts of templates that were used before: a template is checked once, not at every call. */
const checked = new WeakMap<TemplateStringsArray, readonly string[]>();

function literalParts(template: TemplateStringsArray): readonly string[] {
  let parts = checked.get(template);
  if (parts === undefined) {
    template.raw.forEach(scanLiteral);
    parts = collapse(template.raw);
    checked.set(template, parts);
  }
  return parts;
}

/**
 * Builds a {@link Script}: ``ros`[/disk find where slot=${slot}]` ``. Strings are quoted, whole numbers become digits,
 * booleans `yes` or `no`, scripts are spliced in. The template's own text is taken raw, so an escape such as `\5E` is
 * written as RouterOS reads it; it may run over several lines and is sent as one, hence statements need their `;`.
 *
 * @throws TypeError, RangeError or SyntaxError when a value or the template cannot be sent as meant: always a bug here.
 */
export function ros(template: TemplateStringsArray, ...values: readonly ScriptValue[]): Script {
  let text = '';
  literalParts(template).forEach((part, index) => {
    text += part;
    const value = values[index];
    if (value !== undefined) {
      text += encode(value);
    } else if (index < values.length) {
      throw new TypeError('undefined in a script template');
    }
  });
  return fromTrustedText(text);
}

/** Several scripts as one, with a separator of `;` unless another one is given. */
export function join(scripts: readonly Script[], separator: Script = ros`;`): Script {
  return fromTrustedText(scripts.map((script) => script.text).join(separator.text));
}

/** Characters with a meaning of their own in a POSIX extended regular expression, outside of brackets. */
const SPECIAL = /[\\^$.[()|*+?{]/g;

function literal(text: string): string {
  if (text === '' || text.includes('\0')) {
    throw new RangeError('an empty text or a NUL would make the expression match too much');
  }
  return text.replace(SPECIAL, '\\$&');
}

/**
 * A POSIX extended regular expression as a quoted operand of RouterOS' `~`: ``ere`^snap-${uuid}-` ``. The template's own
 * text is the expression, taken raw; an interpolated string matches only itself, and a list matches any of its members.
 * Escaping is done for the expression first and for the RouterOS string after that (docs/routeros.md, 3).
 *
 * @throws RangeError for an empty string or list, since either would match what was not meant.
 */
export function ere(template: TemplateStringsArray, ...values: readonly (string | readonly string[])[]): Script {
  let pattern = '';
  template.raw.forEach((part, index) => {
    pattern += part;
    const value = values[index];
    if (typeof value === 'string') {
      pattern += literal(value);
    } else if (value !== undefined) {
      if (value.length === 0) {
        throw new RangeError('a list of no alternatives matches everything');
      }
      pattern += `(${value.map(literal).join('|')})`;
    }
  });
  return quotedExpression(pattern);
}
