import { toText } from './conversions.ts';
import type { Value } from './value.ts';

/**
 * Values as `print` displays them. Nothing here may be parsed, and the forms make sure that a naive parser fails:
 * sizes with spaces in them or rounded to a unit, some texts quoted and others not (docs/routeros.md, 4.2).
 */
export function humanValue(path: string, name: string, value: Value): string {
  if (typeof value === 'boolean') {
    return value ? 'yes' : 'no';
  }
  if (typeof value === 'bigint') {
    return humanNumber(path, name, value);
  }
  const text = toText(value);
  if (path === '/file') {
    return text;
  }
  return name === 'slot' || name === 'model' || !/^[A-Za-z0-9._/-]+$/.test(text)
    ? `"${text.replaceAll('"', '\\"')}"`
    : text;
}

function humanNumber(path: string, name: string, value: bigint): string {
  if (path === '/disk' && name === 'use') {
    return `${value}%`;
  }
  if (name === 'file-size' || (path === '/file' && name === 'size')) {
    return withUnit(value);
  }
  return name === 'size' || name === 'free' || name.endsWith('-size') ? grouped(value) : String(value);
}

/** `53687091200` as `53 687 091 200`. */
export function grouped(value: bigint): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ' ');
}

/** `53687091200` as `50.0GiB`. The unit steps up only above 1024, so 1 GiB reads `1024.0MiB` (docs/routeros.md, 4.3). */
export function withUnit(value: bigint): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let amount = Number(value);
  let step = 0;
  while (amount > 1024 && step < units.length - 1) {
    amount /= 1024;
    step += 1;
  }
  return step === 0 ? `${value}${units[0]}` : `${amount.toFixed(1)}${units[step]}`;
}
