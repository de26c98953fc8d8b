const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['', 1n],
  ...[...'kMGTP'].map((unit, at): [string, bigint] => [unit, 10n ** BigInt(3 * (at + 1))]),
  ...[...'KMGTP'].map((unit, at): [string, bigint] => [`${unit}i`, 1n << BigInt(10 * (at + 1))]),
]);

/** A number with a unit of Kubernetes, or one of the binary ones with a `B` behind it. */
export const BYTE_SIZE = /^(0|[1-9][0-9]{0,14}) ?([kMGTP]|[KMGTP]iB?)?$/;

/**
 * Bytes of `1048576`, `10Gi` or `10GiB`, which are the same, or `10G`, which is decimal as in Kubernetes; undefined for anything
 * else, so that `10GB` is asked about rather than guessed.
 */
export function parseByteSize(text: string): bigint | undefined {
  const [, digits, unit = ''] = BYTE_SIZE.exec(text) ?? [];
  const factor = UNITS.get(unit.replace(/B$/, ''));
  return digits === undefined || factor === undefined ? undefined : BigInt(digits) * factor;
}
