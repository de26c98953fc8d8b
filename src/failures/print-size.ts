const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** Bytes in the largest unit that leaves at least one, rounded to a tenth: `1.5 GiB`. */
export function printSize(bytes: bigint): string {
  const { value, unit } = scaled(bytes);
  return `${value} ${SIZE_UNITS[unit]}`;
}

/** As {@link printSize}, and in bytes where that is rounded: for limits that a request has to keep. */
export function printExactSize(bytes: bigint): string {
  const { value, unit } = scaled(bytes);
  const isExact = BigInt(Math.round(value * 1024 ** unit)) === bytes;
  return isExact ? printSize(bytes) : `${printSize(bytes)} (${bytes} bytes)`;
}

/** @returns the rounded value, and how often 1024 goes into one of its unit */
function scaled(bytes: bigint): { readonly value: number; readonly unit: number } {
  let unit = 0;
  let value = Number(bytes);
  while (value >= 1024 && unit < SIZE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return { value: Math.round(value * 10) / 10, unit };
}
