import { join, ros, Script } from './script.ts';

/** Every name is `x` and one of these: inside of `where` a variable that is named like a property means the property. */
const LETTERS = 'ABCDEFGHIJKLMOPQRSTVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/**
 * Puts a script together, statement by statement, and names its variables: whoever needs a value holds the handle that
 * {@link let} gave for it, and splices it into a template as `$xA`. Blocks nest as the functions that write them do.
 * `xN` and `xU` are never given, as the frame of every script has them (`./envelope.ts`).
 */
export class ScriptBuilder {
  readonly #blocks: Script[][] = [[]];
  #names = 0;

  /** Adds a statement. */
  run(statement: Script): void {
    this.#blocks.at(-1)?.push(statement);
  }

  /** A new variable of this block, nothing unless it is given a value. */
  let(value?: Script): Script {
    const variable = this.#name();
    this.run(value === undefined ? ros`:local ${variable}` : ros`:local ${variable} ${value}`);
    return ros`$${variable}`;
  }

  /** Gives another value to a variable. */
  set(variable: Script, value: Script): void {
    this.run(ros`:set ${bare(variable)} ${value}`);
  }

  if(condition: Script, then: () => void, otherwise?: () => void): void {
    const branch = otherwise === undefined ? ros`` : ros` else={${this.#block(otherwise)}}`;
    this.run(ros`:if (${condition}) do={${this.#block(then)}}${branch}`);
  }

  /** Runs the block for each member of a list. */
  each(list: Script, block: (member: Script) => void): void {
    const member = this.#name();
    const body = this.#block(() => block(ros`$${member}`));
    this.run(ros`:foreach ${member} in=${list} do={${body}}`);
  }

  /** Runs the block for each key and value of a map. */
  eachEntry(map: Script, block: (key: Script, value: Script) => void): void {
    const [key, value] = [this.#name(), this.#name()];
    const body = this.#block(() => block(ros`$${key}`, ros`$${value}`));
    this.run(ros`:foreach ${key},${value} in=${map} do={${body}}`);
  }

  while(condition: Script, block: () => void): void {
    this.run(ros`:while (${condition}) do={${this.#block(block)}}`);
  }

  /** Runs the second block with the text of the error when the first one fails; without one the error is passed over. */
  attempt(block: () => void, failed?: (words: Script) => void): void {
    const words = this.#name();
    const body = this.#block(block);
    const handler = this.#block(() => failed?.(ros`$${words}`));
    this.run(ros`:onerror ${words} in={${body}} do={${handler}}`);
  }

  /** Ends the script with a refusal of our own, `RC-…`, and its detail: a text, or several joined by `.`. */
  fail(code: `RC-${string}`, detail?: Script): void {
    this.run(detail === undefined ? ros`:error ${code}` : ros`:error (${`${code} `}.${detail})`);
  }

  /** @internal */
  get script(): Script {
    return join(this.#blocks.at(-1) ?? []);
  }

  #block(write: () => void): Script {
    this.#blocks.push([]);
    write();
    return join(this.#blocks.pop() ?? []);
  }

  #name(): Script {
    const letter = LETTERS[this.#names];
    if (letter === undefined) throw new RangeError(`a script has at most ${LETTERS.length} variables`);
    this.#names += 1;
    return named(letter);
  }
}

/** A script that is written by a function. */
export function script(write: (builder: ScriptBuilder) => void): Script {
  const builder = new ScriptBuilder();
  write(builder);
  return builder.script;
}

const NAMES = new Map([...LETTERS].map((letter) => [letter, Script.variableName(letter)]));

function named(letter: string): Script {
  return NAMES.get(letter) ?? Script.variableName(letter);
}

/** The name behind the `$`. */
function bare(variable: Script): Script {
  const letter = /^\$x([A-Za-z0-9])$/.exec(variable.text)?.[1];
  if (letter === undefined) throw new TypeError(`not a variable: ${variable.text}`);
  return named(letter);
}
