import { BlockList, isIP } from 'node:net';

/** Addresses and networks of either family, such as `192.0.2.10,198.51.100.0/24`; undefined when one is none. */
export function readAddresses(text: string): readonly string[] | undefined {
  const list = text.split(',').filter((one) => one !== '');
  return list.every(isNetwork) ? list : undefined;
}

function isNetwork(text: string): boolean {
  const { address, family, prefix } = partsOf(text);
  return isIP(address) !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 'ipv4' ? 32 : 128);
}

/** Whether an address is one of these, or in one of these networks. */
export function isAmong(address: string, networks: readonly string[]): boolean {
  const list = new BlockList();
  for (const network of networks) {
    const parts = partsOf(network);
    list.addSubnet(parts.address, Number(parts.prefix), parts.family);
  }
  return isIP(address) !== 0 && list.check(address, familyOf(address));
}

function partsOf(text: string) {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = familyOf(address);
  const whole = family === 'ipv4' ? '32' : '128';
  return { address, family, prefix: slash < 0 ? whole : text.slice(slash + 1) };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
