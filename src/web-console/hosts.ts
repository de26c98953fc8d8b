import { isIP } from 'node:net';

/**
 * Whether a request means this server by a name that it goes by: `localhost`, an address, or one that is allowed. A web page of a
 * stranger whose name was made to lead here (DNS rebinding) has the stranger's name in this header, and would be let to read the
 * answer. An address cannot be made to lead elsewhere.
 *
 * @param header `Host` of the request, with or without a port
 * @param allowed more names, without ports
 */
export function isHostAllowed(header: string | undefined, allowed: readonly string[]): boolean {
  const name = (header ?? '').toLowerCase().replace(/:\d+$/, '');
  if (name === 'localhost' || isIP(name) === 4 || isIP(name.replace(/^\[(.*)\]$/, '$1')) === 6) return true;
  return allowed.some((one) => one.toLowerCase() === name);
}

/** Whether a browser says that the request comes from a page of someone else. Programs that are no browser say nothing. */
export function isFromElsewhere(site: string | undefined): boolean {
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}
