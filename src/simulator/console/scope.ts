import { nothing, type Value } from './value.ts';

/** The variables of one block while it runs, and those of the blocks around it. */
export class Scope {
  readonly #parent: Scope | undefined;
  readonly #variables = new Map<string, Value>();

  constructor(parent?: Scope, variables: Iterable<readonly [string, Value]> = []) {
    this.#parent = parent;
    for (const [name, value] of variables) {
      this.#variables.set(name, value);
    }
  }

  declare(name: string, value: Value): void {
    this.#variables.set(name, value);
  }

  get(name: string): Value {
    return this.#variables.get(name) ?? this.#parent?.get(name) ?? nothing;
  }

  /** Assigns to the innermost variable of that name; the parser has made sure that there is one. */
  assign(name: string, value: Value): void {
    if (this.#variables.has(name) || this.#parent === undefined) {
      this.#variables.set(name, value);
    } else {
      this.#parent.assign(name, value);
    }
  }
}
