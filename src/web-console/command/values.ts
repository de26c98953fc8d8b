import { isIP } from 'node:net';
import { withoutProblem } from '../../cli/values.ts';

/** An address to listen on. */
export const listenAddress: (text: string) => string = withoutProblem((text) =>
  isIP(text) === 0 ? 'It is no IP address: 127.0.0.1 for this machine alone, 0.0.0.0 or :: for all' : undefined,
);

const PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;

/** A prefix of paths, without the slash that it may end in. @throws InvalidArgumentError */
export function basePath(text: string): string {
  const path = text.replace(/\/$/, '');
  return withoutProblem((given) => (given === '' || PATH.test(given) ? undefined : 'It is no path such as /rose-csi'))(
    path,
  );
}
