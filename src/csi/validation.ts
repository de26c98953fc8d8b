/**
 * Checks of request fields. CSI sets the limits: 128 bytes for a string, 256 for a node id, 4 KiB for a map; each
 * helper throws `StorageError('invalid')`, hence INVALID_ARGUMENT, naming the field as the proto does.
 */
import { StorageError } from '../storage/errors.ts';
import type { CapacityRange, PageRequest } from '../storage/storage.ts';
import type { CapacityRange as CapacityRangeMessage } from './gen/csi_pb.js';

const MAX_STRING_BYTES = 128;
const MAX_MAP_BYTES = 4096;

/**
 * Most entries in one page, whatever the caller asks for: an entry takes up to 950 bytes (two ids of 128, two node ids
 * of 256, a topology of 140), and Go clients refuse an answer above 4 MiB.
 */
const MAX_PAGE_ENTRIES = 4000;

/** The error of every refusal here. */
export function invalid(message: string): StorageError {
  return new StorageError('DRV-INVALID', '', message);
}

/** A field that must be there and fit. @param maxBytes of UTF-8 */
export function requireString(field: string, value: string, maxBytes = MAX_STRING_BYTES): string {
  if (value === '') throw invalid(`${field} is missing`);
  return checkString(field, value, maxBytes);
}

/** A field that may be empty but must fit. @param maxBytes of UTF-8 */
export function checkString(field: string, value: string, maxBytes = MAX_STRING_BYTES): string {
  const bytes = Buffer.byteLength(value);
  if (bytes > maxBytes) throw invalid(`${field} has ${bytes} bytes; CSI allows ${maxBytes}`);
  return value;
}

/** A suggested name of a volume or snapshot: any text but control characters; tab, LF and CR are allowed by CSI. */
export function requireName(value: string): string {
  requireString('name', value);
  if (/(?![\t\n\r])\p{Cc}/u.test(value)) throw invalid('name contains a control character');
  return value;
}

/** A map that must fit, keys and values together. */
export function checkMap(field: string, map: Readonly<Record<string, string>>): void {
  checkTotal(field, Object.entries(map).flat());
}

/** Texts that together must not exceed the size of a map. */
export function checkTotal(field: string, texts: readonly string[]): void {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > MAX_MAP_BYTES) throw invalid(`${field} has ${bytes} bytes; CSI allows ${MAX_MAP_BYTES}`);
}

/** Mutable parameters belong to MODIFY_VOLUME, which is not advertised. */
export function refuseMutableParameters(map: Readonly<Record<string, string>>): void {
  const keys = Object.keys(map);
  if (keys.length > 0) throw invalid(`mutable_parameters are not supported; given: ${quoted(keys)}`);
}

/** Bounds of a size in bytes; 0 means "not given", as for an absent message. */
export function capacityRange(range: CapacityRangeMessage | undefined): CapacityRange {
  const { requiredBytes, limitBytes } = range ?? { requiredBytes: 0n, limitBytes: 0n };
  if (requiredBytes < 0n) throw invalid(`capacity_range.required_bytes is negative: ${requiredBytes}`);
  if (limitBytes < 0n) throw invalid(`capacity_range.limit_bytes is negative: ${limitBytes}`);
  if (limitBytes > 0n && limitBytes < requiredBytes) {
    throw invalid(`capacity_range: limit_bytes ${limitBytes} is less than required_bytes ${requiredBytes}`);
  }
  return { requiredBytes, limitBytes };
}

/** A range in which at least one bound is given. */
export function requireCapacityRange(range: CapacityRangeMessage | undefined): CapacityRange {
  const bounds = capacityRange(range);
  if (bounds.requiredBytes === 0n && bounds.limitBytes === 0n) throw invalid('capacity_range is missing');
  return bounds;
}

/**
 * The page asked for. Its token is not looked at here: for a bad one CSI wants ABORTED, which the storage layer
 * answers. The same goes for ids in filters: an unknown one gives an empty page.
 */
export function pageRequest(request: { readonly maxEntries: number; readonly startingToken: string }): PageRequest {
  if (request.maxEntries < 0) throw invalid(`max_entries is negative: ${request.maxEntries}`);
  return {
    maxEntries: Math.min(request.maxEntries || MAX_PAGE_ENTRIES, MAX_PAGE_ENTRIES),
    token: request.startingToken,
  };
}

/** Words in double quotes, separated by commas: for messages. */
export function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(', ');
}
