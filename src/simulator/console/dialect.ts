/** How the console speaks where devices may differ. */
export interface Dialect {
  /** Whether `:serialize to=json` writes a num as a text of digits (U12). */
  readonly numbersAsText: boolean;
  /** Whether it writes a bool as `"yes"` and `"no"` (U12). */
  readonly boolsAsWords: boolean;
  /** What `print as-value` gives for a property of the `proplist` that is unset: no element, nothing, or an empty text (U12). */
  readonly unset: 'absent' | 'null' | 'empty';
  /** Whether a regular expression has intervals such as `{2}`; otherwise braces stand for themselves. */
  readonly intervals: boolean;
  /** Whether a command on no items, as `remove` of an empty list, does nothing; otherwise it fails (U27). */
  readonly emptyItemsPass: boolean;
}

/** What was seen of 7.21 to 7.24 (docs/routeros.md, 2). */
export const PLAIN_DIALECT: Dialect = {
  numbersAsText: false,
  boolsAsWords: false,
  unset: 'absent',
  intervals: true,
  emptyItemsPass: false,
};
