import { isIP, isIPv6 } from 'node:net';

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';

/** A name, an IPv4 address, or what looks like an IPv6 address. It says the same to JavaScript and to Go, which reads the chart's schema. */
export const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*\\.?|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$`);

/**
 * Why a text is neither the name nor the address of a host; undefined when it is one.
 *
 * @param portKey where its port belongs in the configuration
 */
export function hostProblem(text: string, portKey: string): string | undefined {
  if (HOST.test(text)) {
    const looksLikeAddress = text.includes(':') || /(?:^|\.)[0-9]+$/.test(text);
    return looksLikeAddress && isIP(text) === 0 ? 'no address: neither IPv4 nor IPv6' : undefined;
  }
  const rule = 'a host name or an address';
  if (/\s/.test(text)) return `${rule}, without blanks`;
  if (text.includes('://')) return `${rule}, not a URL`;
  if (text.includes('@')) return `${rule} without a user, which belongs into ssh.user`;
  const [, inBrackets, name] = /^(?:\[(.*)\]|([^:]+))(?::[0-9]+)?$/.exec(text) ?? [];
  if (inBrackets !== undefined && isIPv6(inBrackets))
    return `${rule}, without brackets; a port belongs into ${portKey}`;
  if (name !== undefined && name !== text) return `${rule} without a port, which belongs into ${portKey}`;
  return rule;
}
