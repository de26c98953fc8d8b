const BINARY: readonly (readonly [string, bigint])[] = [
  ['Ei', 2n ** 60n],
  ['Pi', 2n ** 50n],
  ['Ti', 2n ** 40n],
  ['Gi', 2n ** 30n],
  ['Mi', 2n ** 20n],
  ['Ki', 2n ** 10n],
];
const SUFFIXES: Readonly<Record<string, bigint>> = {
  '': 1n,
  k: 10n ** 3n,
  M: 10n ** 6n,
  G: 10n ** 9n,
  T: 10n ** 12n,
  P: 10n ** 15n,
  E: 10n ** 18n,
  ...Object.fromEntries(BINARY),
};
const QUANTITY = /^(\d+)(?:\.(\d*))?(?:([eE])(\d{1,2})|([kMGTPE]i?|Ki)?)$/;

/** Bytes of a Kubernetes quantity such as `10Gi`, `1.5Ti` or `1e9`, rounded up; undefined for anything else. */
export function parseQuantity(text: string | undefined): bigint | undefined {
  const [, whole, fraction = '', exponent, digits = '0', suffix = ''] = QUANTITY.exec(text ?? '') ?? [];
  if (whole === undefined) return undefined;
  const unit = exponent === undefined ? (SUFFIXES[suffix] ?? 1n) : 10n ** BigInt(digits);
  const scale = 10n ** BigInt(fraction.length);
  return (BigInt(whole + fraction) * unit + scale - 1n) / scale;
}

/** Bytes as users write them in Kubernetes, and exactly: `1Gi`, `1536Mi`; the plain number where no unit divides it. */
export function printQuantity(bytes: bigint): string {
  const [suffix, unit] = BINARY.find(([, size]) => bytes >= size && bytes % size === 0n) ?? ['', 1n];
  return `${bytes / unit}${suffix}`;
}
