import { isIP } from 'node:net';
import { withoutProblem } from '../../cli/values.ts';

/** Stands for every address of the machine, of whatever kinds it has. */
export const ALL_ADDRESSES = 'all';

/** An address to listen on, or all. */
export const listenAddress: (text: string) => string = withoutProblem((text) =>
  text === ALL_ADDRESSES || isIP(text) !== 0 ? undefined : 'It is no IP address, such as 127.0.0.1, and not "all"',
);

/** Browsers take `.` and `..` out of a path before they ask for it, so nothing would be found below one that has them. */
const PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/;

/** A prefix of paths, without the slash that it may end in. @throws InvalidArgumentError */
export function basePath(text: string): string {
  const path = text.replace(/\/$/, '');
  return withoutProblem((given) => (given === '' || PATH.test(given) ? undefined : 'It is no path such as /rose-csi'))(
    path,
  );
}
