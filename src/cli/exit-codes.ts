/** How every command ends. The same fault has the same code in each of them; docs/cli.md prints this table. */
export const EXIT = {
  /** All is well, or done. */
  well: 0,
  /** The command did its work and found something that needs a look. */
  found: 1,
  /** The command could not do its work, or not to the end. */
  failed: 2,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each code means in general. */
export const MEANINGS: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT.well, 'all is well, or done'],
  [EXIT.found, 'the command did its work and found something; its own help says what'],
  [EXIT.failed, 'it could not do its work, or not to the end, and says why'],
];

/** The faults that commands share, with the code of each. */
export const FAULTS = {
  'nothing is wrong': EXIT.well,
  '`--help`, `--version`': EXIT.well,
  'something was found': EXIT.found,
  'the command line is wrong': EXIT.failed,
  'the configuration, or a key file that it names, cannot be used': EXIT.failed,
  'what the command line names is not on the backends': EXIT.failed,
  'the RDS cannot be reached': EXIT.failed,
  'the RDS refuses the login': EXIT.failed,
  'Kubernetes cannot be reached': EXIT.failed,
  'standard output cannot be written (`> /dev/full`)': EXIT.failed,
} as const;

/**
 * The part of a command's help about its codes.
 *
 * @param meanings the code 0 of this command, its 1 if it has one, and its 2
 */
export function exitHelp(meanings: {
  readonly well: string;
  readonly found?: string;
  readonly failed?: string;
}): string {
  const { well, found, failed = 'could not run, or not to the end' } = meanings;
  const lines = [
    `  ${EXIT.well}  ${well}`,
    ...(found === undefined ? [] : [`  ${EXIT.found}  ${found}`]),
    `  ${EXIT.failed}  ${failed}`,
  ];
  return `\nExit status:\n${lines.join('\n')}\n`;
}
