/** Reading the figures of a detail, and writing them in readable units. */
import { printSize } from './print-size.ts';

/**
 * A sentence about two sizes, from a detail such as `5 of 20` in bytes; undefined when the detail is another one. Sizes that
 * look the same in their units are given in bytes, too.
 */
export function ofTwo(say: (first: string, second: string) => string): (detail: string) => string | undefined {
  return (detail) => {
    const [, first, second] = /^(\d+) of (\d+)$/.exec(detail) ?? [];
    if (first === undefined || second === undefined) return undefined;
    const [one, other] = [printSize(BigInt(first)), printSize(BigInt(second))];
    return one === other ? say(`${one} (${first} bytes)`, `${other} (${second} bytes)`) : say(one, other);
  };
}

/** A sentence about one size and, where there are any, the words behind it; undefined for another detail. */
export function ofSize(say: (size: string, words: string) => string): (detail: string) => string | undefined {
  return (detail) => {
    const [, bytes, words = ''] = /^(\d+)(?: (.*))?$/s.exec(detail) ?? [];
    return bytes === undefined ? undefined : say(printSize(BigInt(bytes)), words);
  };
}
