const AGE_UNITS: readonly (readonly [ms: number, letter: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
];

/** Whole days, or hours, minutes, seconds of what is younger: `3d`. What is yet to come is `0s` old: clocks differ. */
export function printAge(ms: number): string {
  const [unit, letter] = AGE_UNITS.find(([each]) => ms >= each) ?? [1_000, 's'];
  return `${Math.max(0, Math.floor(ms / unit))}${letter}`;
}
