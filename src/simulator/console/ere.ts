import { type EreNode, EreProblem, parseEre } from './ere-parser.ts';

/** Most steps that a compiled expression may have; nested intervals multiply. */
const MAX_STEPS = 5000;

/** Most states that are kept; beyond them they are found again. */
const MAX_STATES = 1000;

/** One step of the automaton. `go` lists the steps reached without reading; `accepts` reads one character. */
interface Step {
  go: number[];
  test?: (character: string) => boolean;
  at?: 'start' | 'end';
}

/** All steps that the automaton can be at after some text, and what reading on from there leads to, once it is known. */
interface State {
  /** Steps that read a character or wait for the end of the text; none when no match can come any more. */
  readonly steps: readonly number[];
  readonly hasMatched: boolean;
  /** Whether there is a match if the text ends here. */
  readonly matchesAtEnd: boolean;
  readonly next: Map<string, State>;
}

/**
 * A compiled POSIX extended regular expression that tells whether a text contains a match. Runs all alternatives side by
 * side, so no expression takes more than time proportional to the text: a script cannot hang the simulator. The states
 * that it goes through are kept, since a `where` tests one expression on thousands of rows.
 */
export class Ere {
  readonly #steps: Step[] = [];
  readonly #states = new Map<string, State>();
  readonly #first: number;
  readonly #start: State;

  /** @throws EreProblem when the pattern is not POSIX ERE. */
  constructor(pattern: string) {
    const last = this.#add({ go: [] });
    this.#first = this.#compile(parseEre(pattern), last);
    this.#start = this.#state(this.#follow([this.#first], true, false), true);
  }

  matches(text: string): boolean {
    let state = this.#start;
    for (const character of text) {
      if (state.hasMatched || state.steps.length === 0) {
        return state.hasMatched;
      }
      let next = state.next.get(character);
      if (next === undefined) {
        next = this.#read(state, character);
        state.next.set(character, next);
      }
      state = next;
    }
    return state.hasMatched || state.matchesAtEnd;
  }

  /** The state after one more character; a match may also begin right behind it. */
  #read({ steps }: State, character: string): State {
    const reached = [this.#first];
    for (const index of steps) {
      const step = this.#steps[index];
      if (step?.test?.(character)) {
        reached.push(...step.go);
      }
    }
    return this.#state(this.#follow(reached, false, false), false);
  }

  #state(reached: ReadonlySet<number>, atStart: boolean): State {
    const steps = [...reached].filter((index) => this.#steps[index]?.test ?? this.#steps[index]?.at === 'end');
    const key = `${atStart} ${reached.has(0)} ${steps.sort((a, b) => a - b).join()}`;
    const known = this.#states.get(key);
    if (known !== undefined) {
      return known;
    }
    const matchesAtEnd = this.#follow(steps, atStart, true).has(0);
    const state: State = { steps, hasMatched: reached.has(0), matchesAtEnd, next: new Map() };
    if (this.#states.size >= MAX_STATES) {
      this.#states.clear();
      this.#start.next.clear();
    }
    this.#states.set(key, state);
    return state;
  }

  /** These steps and all that they lead to without reading a character. Step 0 is success. */
  #follow(from: readonly number[], atStart: boolean, atEnd: boolean): Set<number> {
    const found = new Set<number>();
    const waiting = [...from];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      const step = this.#steps[index];
      if (step === undefined || found.has(index)) {
        continue;
      }
      found.add(index);
      const isOpen = step.test === undefined && (step.at !== 'start' || atStart) && (step.at !== 'end' || atEnd);
      if (isOpen) {
        waiting.push(...step.go);
      }
    }
    return found;
  }

  #add(step: Step): number {
    if (this.#steps.length >= MAX_STEPS) {
      throw new EreProblem('expression too large');
    }
    return this.#steps.push(step) - 1;
  }

  /** Compiles a node whose match goes on at step `next`; returns the node's first step. */
  #compile(node: EreNode, next: number): number {
    switch (node.kind) {
      case 'start':
      case 'end':
        return this.#add({ go: [next], at: node.kind });
      case 'one':
        return this.#add({ go: [next], test: node.accepts });
      case 'all':
        return node.nodes.reduceRight((after, part) => this.#compile(part, after), next);
      case 'any':
        return this.#add({ go: node.nodes.map((part) => this.#compile(part, next)) });
      case 'repeat':
        return this.#repeat(node.node, node.least, node.most, next);
    }
  }

  #repeat(node: EreNode, least: number, most: number, next: number): number {
    let first = next;
    if (most === Number.POSITIVE_INFINITY) {
      const loop: Step = { go: [next] };
      first = this.#add(loop);
      loop.go.push(this.#compile(node, first));
    } else {
      for (let count = least; count < most; count += 1) {
        first = this.#add({ go: [next, this.#compile(node, first)] });
      }
    }
    for (let count = 0; count < least; count += 1) {
      first = this.#compile(node, first);
    }
    return first;
  }
}
