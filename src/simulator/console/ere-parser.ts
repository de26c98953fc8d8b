/** The parts of a POSIX extended regular expression (IEEE 1003.1, 9.4), without back-references. */
export type EreNode =
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'one'; readonly accepts: (character: string) => boolean }
  | { readonly kind: 'all' | 'any'; readonly nodes: readonly EreNode[] }
  | { readonly kind: 'repeat'; readonly node: EreNode; readonly least: number; readonly most: number };

/** The expression is not POSIX ERE, or one that the device's matcher could not be trusted with. */
export class EreProblem extends Error {
  override readonly name = 'EreProblem';
}

const MAX_REPEATS = 255;
const MAX_DEPTH = 50;

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the class is the control characters.
  cntrl: /[\x00-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/**
 * Parses an ERE. What POSIX leaves undefined is refused: `\d` and its like, `(?…)`, a quantifier on nothing or on
 * another quantifier (so also the lazy `*?`), an unmatched `{`, an empty alternative.
 *
 * @throws EreProblem
 */
export function parseEre(pattern: string): EreNode {
  return new EreParser(pattern).parse();
}

class EreParser {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#characters = [...pattern];
  }

  parse(): EreNode {
    const node = this.#alternatives();
    if (this.#at < this.#characters.length) {
      throw new EreProblem('unmatched )');
    }
    return node;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #accept(character: string): boolean {
    if (this.#peek() !== character) {
      return false;
    }
    this.#at += 1;
    return true;
  }

  #take(): string {
    const character = this.#peek();
    if (character === undefined) {
      throw new EreProblem('unexpected end of expression');
    }
    this.#at += 1;
    return character;
  }

  #alternatives(): EreNode {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      throw new EreProblem('nested too deeply');
    }
    const nodes = [this.#sequence()];
    while (this.#accept('|')) {
      nodes.push(this.#sequence());
    }
    this.#depth -= 1;
    return { kind: 'any', nodes };
  }

  #sequence(): EreNode {
    const nodes: EreNode[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      nodes.push(this.#quantified());
    }
    if (nodes.length === 0) {
      throw new EreProblem('empty expression');
    }
    return { kind: 'all', nodes };
  }

  #quantified(): EreNode {
    const node = this.#atom();
    const bounds = this.#quantifier();
    if (bounds === undefined) {
      return node;
    }
    if (node.kind === 'start' || node.kind === 'end' || this.#quantifier() !== undefined) {
      throw new EreProblem('misplaced quantifier');
    }
    return { kind: 'repeat', node, ...bounds };
  }

  #quantifier(): { least: number; most: number } | undefined {
    if (this.#accept('*')) {
      return { least: 0, most: Number.POSITIVE_INFINITY };
    }
    if (this.#accept('+')) {
      return { least: 1, most: Number.POSITIVE_INFINITY };
    }
    if (this.#accept('?')) {
      return { least: 0, most: 1 };
    }
    return this.#accept('{') ? this.#interval() : undefined;
  }

  #interval(): { least: number; most: number } {
    let text = '';
    while (!this.#accept('}')) {
      text += this.#take();
    }
    const [, from, comma, to] = /^(\d{1,3})(,?)(\d{0,3})$/.exec(text) ?? [];
    const least = Number(from);
    const most = comma === '' ? least : to === '' ? Number.POSITIVE_INFINITY : Number(to);
    const bounded = most === Number.POSITIVE_INFINITY || most <= MAX_REPEATS;
    if (from === undefined || (comma === '' && to !== '') || least > MAX_REPEATS || !bounded || most < least) {
      throw new EreProblem('invalid interval');
    }
    return { least, most };
  }

  #atom(): EreNode {
    const character = this.#take();
    switch (character) {
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '.':
        return { kind: 'one', accepts: () => true };
      case '[':
        return { kind: 'one', accepts: this.#bracket() };
      case '(':
        return this.#group();
      case '\\':
        return this.#escaped();
      case '*':
      case '+':
      case '?':
      case '{':
        throw new EreProblem('misplaced quantifier');
      default:
        return { kind: 'one', accepts: (other) => other === character };
    }
  }

  #group(): EreNode {
    const node = this.#alternatives();
    if (!this.#accept(')')) {
      throw new EreProblem('unmatched (');
    }
    return node;
  }

  #escaped(): EreNode {
    const character = this.#take();
    if (!/[.[\]\\()*+?{}|^$]/.test(character)) {
      throw new EreProblem(`\\${character} is not in POSIX ERE`);
    }
    return { kind: 'one', accepts: (other) => other === character };
  }

  /** A bracket expression; a `]` right after the start is literal, and `\` has no meaning in it. */
  #bracket(): (character: string) => boolean {
    const negated = this.#accept('^');
    const tests: ((character: string) => boolean)[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      tests.push(this.#bracketItem());
    }
    this.#at += 1;
    return (character) => tests.some((test) => test(character)) !== negated;
  }

  #bracketItem(): (character: string) => boolean {
    const from = this.#take();
    if (from === '[' && [':', '.', '='].includes(this.#peek() ?? '')) {
      return this.#characterClass();
    }
    if (this.#peek() !== '-' || this.#characters[this.#at + 1] === ']') {
      return (character) => character === from;
    }
    this.#at += 1;
    const to = this.#take();
    const [low, high] = [from.codePointAt(0) ?? 0, to.codePointAt(0) ?? 0];
    if (low > high) {
      throw new EreProblem('invalid range');
    }
    return (character) => {
      const point = character.codePointAt(0) ?? 0;
      return point >= low && point <= high;
    };
  }

  #characterClass(): (character: string) => boolean {
    let text = '';
    while (!text.endsWith(']')) {
      text += this.#take();
    }
    const name = /^:([a-z]+):]$/.exec(text)?.[1] ?? '';
    const test = Object.hasOwn(classes, name) ? classes[name] : undefined;
    if (test === undefined) {
      throw new EreProblem('unknown character class');
    }
    return (character) => test.test(character);
  }
}
