import { InvalidArgumentError } from 'commander';
import { wholeNumber } from '../../cli/values.ts';
import type { PoolOptions } from '../device/options.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/**
 * Reads `--listen`, `host:port` or `[::1]:port`.
 *
 * @throws InvalidArgumentError, which commander prints with the option's name.
 */
export function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+)):([0-9]+)$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null) throw new InvalidArgumentError('Write host:port, such as 127.0.0.1:2222.');
  if (port > 65_535) throw new InvalidArgumentError('Write host:port, with a port up to 65535.');
  return { host: match[1] ?? match[2] ?? '', port };
}

const KEYS = ['label', 'size', 'mount', 'uuid', 'path'];

/**
 * Reads one `--pool` and adds it to the earlier ones. Keys: `label` (required), `size` (K, M, G and T are powers of
 * two), `mount` (default: the label), `uuid` (default: made up once), `path` (for the backend `btrfs`).
 *
 * @throws InvalidArgumentError, which commander prints with the option's name.
 */
export function collectPool(text: string, earlier: readonly PoolOptions[] = []): PoolOptions[] {
  const parts = new Map<string, string>();
  for (const part of text.split(',')) {
    const [key = '', value = ''] = part.split(/=(.*)/s);
    if (!KEYS.includes(key) || value === '' || parts.has(key)) {
      throw new InvalidArgumentError(`"${part}": write label=NAME,size=SIZE,mount=NAME,uuid=UUID,path=DIR, each once.`);
    }
    parts.set(key, value);
  }
  const label = parts.get('label');
  if (label === undefined) throw new InvalidArgumentError('label= is missing');
  const [size, uuid, path] = ['size', 'uuid', 'path'].map((key) => parts.get(key));
  const pool = {
    label,
    mountPoint: parts.get('mount') ?? label,
    ...(size === undefined ? {} : { sizeBytes: parseSize(size) }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(path === undefined ? {} : { path }),
  };
  return [...earlier, pool];
}

/** Reads a delay in ms. */
export const parseLatency: (text: string) => number = wholeNumber(0, 999_999, 'milliseconds');

/**
 * Reads one value of JSON and adds it to the earlier ones.
 *
 * @throws InvalidArgumentError, which commander prints with the option's name.
 */
export function collectJson(text: string, earlier: readonly unknown[] = []): unknown[] {
  try {
    return [...earlier, JSON.parse(text)];
  } catch {
    throw new InvalidArgumentError('write JSON, such as {"kind":"cut","bytes":100}');
  }
}

function parseSize(text: string): number {
  const match = /^([0-9]+)(?:([KMGT])(?:iB?)?)?$/.exec(text);
  const bytes = match === null ? Number.NaN : Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1);
  if (!Number.isSafeInteger(bytes)) throw new InvalidArgumentError(`size "${text}": write bytes, or 512Gi, 1Ti`);
  return bytes;
}
