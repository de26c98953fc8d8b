import { quotedExpression, type Script } from './script.ts';

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
