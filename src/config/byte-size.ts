const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  KiB: 1n << 10n,
  MiB: 1n << 20n,
  GiB: 1n << 30n,
  TiB: 1n << 40n,
};
const SIZE = /^(0|[1-9][0-9]{0,14}) ?(KiB|MiB|GiB|TiB|)$/;

/** Bytes of `1048576` or `10GiB`; undefined for anything else, so that `10G` is asked about rather than guessed. */
export function parseByteSize(text: string): bigint | undefined {
  const [, digits, unit = ''] = SIZE.exec(text) ?? [];
  const factor = UNITS[unit];
  return digits === undefined || factor === undefined ? undefined : BigInt(digits) * factor;
}
