/** Names of this machine for itself. Only a browser on it can mean this server by them, or one behind a port that is forwarded. */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Whether a request means this server by a name that it goes by. A web page of a stranger whose name was made to lead here
 * (DNS rebinding) has the stranger's name in this header, and would be let to read the answer.
 *
 * @param header `Host` of the request, with or without a port
 * @param allowed names beside those of loopback, without ports
 */
export function isHostAllowed(header: string | undefined, allowed: readonly string[]): boolean {
  const name = (header ?? '').toLowerCase().replace(/:\d+$/, '');
  return LOOPBACK.has(name) || allowed.some((one) => one.toLowerCase() === name);
}

/** Whether a browser says that the request comes from a page of someone else. Programs that are no browser say nothing. */
export function isFromElsewhere(site: string | undefined): boolean {
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}
