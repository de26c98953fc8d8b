/** What kind of failure ended a command, for programs: by the name of the error, or the code that it bears itself. */
import { isFailureCode } from '../failures/catalogue.ts';

/** Codes of failures that have none in docs/errors.md, by the name of their error. */
export const ERROR_CODES = {
  CommanderError: 'usage',
  InvalidArgumentError: 'usage',
  UsageError: 'usage',
  ConfigError: 'configuration',
  KubernetesError: 'kubernetes',
  AbsentError: 'absent',
} as const;

/** The code of what none of the others names. */
export const OTHER_ERROR = 'failed';

/** One of the words above, or a code of docs/errors.md such as `RDS-UNREACHABLE`; that of the nearest cause that has one. */
export function errorCode(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const known = Object.entries(ERROR_CODES).find(([name]) => name === cause.name);
    if (known !== undefined) return known[1];
    if ('code' in cause && typeof cause.code === 'string' && isFailureCode(cause.code)) return cause.code;
  }
  return OTHER_ERROR;
}
