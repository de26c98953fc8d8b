import { InvalidArgumentError } from 'commander';

/** Parsers of the values of flags, and of variables that stand for them. All throw InvalidArgumentError, which names the flag. */

/** Anything but nothing: a variable of a shell that is not set leaves an empty text behind. */
export function notEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

/** The parser of a whole number from `least` to `most`. @param unit of what, such as `seconds` */
export function wholeNumber(least: number, most: number, unit?: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(
        `Write a whole number${unit === undefined ? '' : ` of ${unit}`} from ${least} to ${most}.`,
      );
    }
    return value;
  };
}

/** The parser of what a check has nothing to say against. @param problem why a text cannot be used; undefined when it can */
export function withoutProblem(problem: (text: string) => string | undefined): (text: string) => string {
  return (text) => {
    const found = problem(text);
    if (found !== undefined) throw new InvalidArgumentError(`${found}.`);
    return text;
  };
}

/** A name of a namespace, as Kubernetes has it (RFC 1123). */
export const namespaceName: (text: string) => string = withoutProblem((text) =>
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)
    ? undefined
    : 'No namespace has such a name: lower-case letters, digits and dashes, at most 63',
);

/** A name of a class of Kubernetes (RFC 1123), or none. */
export const className: (text: string) => string = withoutProblem((text) =>
  text === '' || (text.length <= 253 && /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(text))
    ? undefined
    : 'No class has such a name: lower-case letters, digits, dots and dashes, at most 253',
);
