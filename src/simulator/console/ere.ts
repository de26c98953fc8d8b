import { type EreNode, EreProblem, parseEre } from './ere-parser.ts';

/** Most steps that a compiled expression may have; nested intervals multiply. */
const maxSteps = 5000;

/** One step of the automaton. `go` lists the steps reached without reading; `accepts` reads one character. */
interface Step {
  go: number[];
  test?: (character: string) => boolean;
  at?: 'start' | 'end';
}

/**
 * A compiled POSIX extended regular expression that tells whether a text contains a match. Runs all alternatives side by
 * side, so no expression takes more than time proportional to the text: a script cannot hang the simulator.
 */
export class Ere {
  readonly #steps: Step[] = [];
  readonly #first: number;

  /** @throws EreProblem when the pattern is not POSIX ERE. */
  constructor(pattern: string) {
    const last = this.#add({ go: [] });
    this.#first = this.#compile(parseEre(pattern), last);
  }

  matches(text: string): boolean {
    const characters = [...text];
    let active = new Set<number>();
    for (let position = 0; position <= characters.length; position += 1) {
      this.#follow(this.#first, position === 0, position === characters.length, active);
      if (active.has(0)) {
        return true;
      }
      const character = characters[position];
      if (character === undefined) {
        break;
      }
      const reached = new Set<number>();
      for (const index of active) {
        const step = this.#steps[index];
        if (step?.test?.(character)) {
          for (const next of step.go) {
            this.#follow(next, false, position + 1 === characters.length, reached);
          }
        }
      }
      active = reached;
    }
    return false;
  }

  /** Adds a step and all that it leads to without reading a character. Step 0 is success. */
  #follow(from: number, atStart: boolean, atEnd: boolean, into: Set<number>): void {
    const waiting = [from];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      const step = this.#steps[index];
      if (step === undefined || into.has(index)) {
        continue;
      }
      if ((step.at === 'start' && !atStart) || (step.at === 'end' && !atEnd)) {
        continue;
      }
      into.add(index);
      if (step.test === undefined) {
        waiting.push(...step.go);
      }
    }
  }

  #add(step: Step): number {
    if (this.#steps.length >= maxSteps) {
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
