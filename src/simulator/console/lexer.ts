import { SyntaxProblem } from './errors.ts';

/** Nesting beyond this is refused, so that no input can exhaust the stack. Scripts of the driver need about ten. */
const MAX_DEPTH = 100;

/** Operators in one line; a chain of them is nested too once it is parsed. */
const MAX_OPERATORS = 2000;

/** A variable name as the driver may use it. The device takes more between quotes; `_` alone it refuses (1.3). */
const variableName = /^[A-Za-z][A-Za-z0-9]*$/;

/**
 * Reads tokens from one line. What a character means depends on where it stands (`*` is an operator, a wildcard or the
 * start of an id), so the parser asks for the token that it can use instead of taking the next one.
 */
export class Lexer {
  readonly text: string;
  offset = 0;
  #depth = 0;
  #operators = 0;

  constructor(text: string) {
    this.text = text;
  }

  get atEnd(): boolean {
    return this.offset >= this.text.length;
  }

  /** The character under the cursor, or the empty string at the end. */
  get next(): string {
    return this.text.charAt(this.offset);
  }

  startsWith(token: string): boolean {
    return this.text.startsWith(token, this.offset);
  }

  skip(length: number): void {
    this.offset += length;
  }

  skipBlanks(): void {
    while (this.next === ' ' || this.next === '\t') {
      this.offset += 1;
    }
  }

  /** Takes the token if it is next. */
  accept(token: string): boolean {
    if (!this.startsWith(token)) {
      return false;
    }
    this.offset += token.length;
    return true;
  }

  /** Takes the token or refuses the line. */
  expect(token: string): void {
    if (!this.accept(token)) {
      this.fail('syntax error');
    }
  }

  /** The longest match of a sticky pattern at the cursor, not taken yet. */
  peek(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.offset;
    return pattern.exec(this.text)?.[0];
  }

  take(pattern: RegExp): string | undefined {
    const match = this.peek(pattern);
    this.offset += match?.length ?? 0;
    return match;
  }

  /** Whether a command ends here: at the end of the line, at `;`, or where its block or bracket closes. */
  get atCommandEnd(): boolean {
    return this.atEnd || this.next === ';' || this.next === '}' || this.next === ']';
  }

  /** 1-based column in UTF-8 bytes, as the device counts (docs/routeros.md, 1.4). */
  column(offset: number = this.offset): number {
    return Buffer.byteLength(this.text.slice(0, offset)) + 1;
  }

  /** Skips to the end of the command; what stands in brackets and quotes is not looked into. */
  skipCommand(): void {
    let depth = 0;
    while (!this.atEnd && (depth > 0 || !(this.atCommandEnd || this.next === ')'))) {
      if (this.next === '"') this.#skipQuoted();
      else {
        depth += '([{'.includes(this.next) ? 1 : Number(')]}'.includes(this.next)) * -1;
        this.skip(1);
      }
    }
  }

  #skipQuoted(): void {
    this.skip(1);
    while (!this.atEnd && !this.accept('"')) this.skip(this.next === '\\' ? 2 : 1);
  }

  /** Refuses the line: `<what> (line 1 column N)`. */
  fail(what: string, offset: number = this.offset): never {
    throw new SyntaxProblem(`${what} (line 1 column ${this.column(offset)})`);
  }

  /** Refuses what the device has and the simulator has not, so that no one takes it for a word that RouterOS does not know. */
  lack(what: string, offset: number = this.offset): never {
    return this.fail(`the simulator does not carry out ${what}`, offset);
  }

  /** Counts an operator, and refuses the line when there are too many. */
  countOperator(): void {
    this.#operators += 1;
    if (this.#operators > MAX_OPERATORS) {
      this.fail('syntax error');
    }
  }

  /** Runs a parser one level deeper. */
  nested<T>(parse: () => T): T {
    if (this.#depth >= MAX_DEPTH) {
      this.fail('syntax error');
    }
    this.#depth += 1;
    try {
      return parse();
    } finally {
      this.#depth -= 1;
    }
  }

  /** Takes a variable's name where one is declared. */
  declaredName(): string {
    const start = this.offset;
    const name = this.take(/[^\s;,=[\]{}()"$]+/y) ?? this.fail('syntax error');
    return variableName.test(name) ? name : this.fail(`bad variable name ${name}`, start);
  }
}
