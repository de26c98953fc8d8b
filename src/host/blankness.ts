/**
 * Whether a device is blank. "No signature was found" proves nothing, since a probe finds none on a device that cannot be
 * read either: a driver that believed it formatted live data (https://github.com/hetznercloud/csi-driver/issues/1346).
 */
import { StorageError } from '../storage/errors.ts';
import type { BlockDevice } from './block-device.ts';
import { ProcessError, type Processes, type ProcessOptions } from './processes.ts';
import { holdsBackup, primarySuperblock, type Region, type Superblock, telltaleRegions } from './superblocks.ts';

/** What is on a device, as far as that can be determined. */
export interface Findings {
  /** Why it is not blank; undefined when it is proven to be blank. */
  readonly trace: string | undefined;
  /** At the place where the filesystem in use has it. */
  readonly superblock: Superblock | undefined;
  /** Where a backup of one lies, or a signature that a probe knows, other than the superblock. */
  readonly others: readonly string[];
}

/** Reads take this long on a device that works; an RDS that is slower than this is retried. */
const READ_MS = 30_000;

/**
 * Reads both ends and the places of backup superblocks, and asks two independent probes. Only if all of it could be read,
 * is zero, and neither probe finds anything, there is no trace.
 *
 * @throws StorageError `unavailable` when anything cannot be read: then nothing is known
 */
export async function examine(host: Processes, device: BlockDevice, signal: AbortSignal): Promise<Findings> {
  const others: string[] = [];
  let trace: string | undefined;
  let superblock: Superblock | undefined;
  for (const { region, bytes } of await read(host, device, telltaleRegions(device.bytes), signal)) {
    if (region.offset === 0n) superblock = primarySuperblock(bytes);
    else if (holdsBackup(bytes)) others.push(`a superblock at ${region.offset}`);
    const used = firstUsed(bytes);
    if (used >= 0) trace ??= `the byte at ${region.offset + BigInt(used)} is not zero`;
  }
  const signature = await signatureOf(host, device, signal);
  const leftovers = (await tracesOn(host, device, signal))
    .map(({ type }) => type)
    .filter((type) => type !== superblock?.filesystem);
  others.push(...leftovers);
  trace ??= signature && `blkid finds ${signature.type || signature.other}`;
  trace ??= leftovers.length > 0 ? `wipefs finds ${leftovers.join(', ')}` : undefined;
  // A device that went away while the probes looked would have shown them nothing.
  await read(host, device, [{ offset: 0n, length: 4096 }], signal);
  return { trace, superblock, others };
}

/** Where the first byte is that is not zero, or -1. Comparing is native; a look at each byte takes 10 ms a MiB. */
function firstUsed(bytes: Buffer): number {
  return bytes.equals(Buffer.alloc(bytes.length)) ? -1 : bytes.findIndex((byte) => byte !== 0);
}

/** What blkid finds. */
export interface Signature {
  /** Type of the filesystem, or of what else takes the whole device; empty for a partition table alone. */
  readonly type: string;
  /** A partition table, or several signatures that contradict each other; empty when there is neither. */
  readonly other: string;
}

/**
 * What low-level probing finds, past every cache; undefined for nothing. Status 0 is a find, 2 none, 8 a contradiction
 * (blkid(8)); everything else is no answer.
 *
 * @throws StorageError `unavailable`
 */
export async function signatureOf(
  host: Processes,
  device: BlockDevice,
  signal: AbortSignal,
): Promise<Signature | undefined> {
  const args = ['--probe', '--output', 'export', device.path];
  const { status, text, complaint } = await attempt(device, () =>
    host.ask('blkid', args, { timeoutMs: READ_MS, signal }),
  );
  if (status === 8) return { type: '', other: 'several contradicting signatures' };
  if (status === 2 && text === '' && complaint === '') return undefined;
  if (status !== 0) throw unreadable(device, `blkid ended with status ${status}: ${complaint || text}`);
  const values = new Map(text.split('\n').map((line) => splitAt(line, '=')));
  const table = values.get('PTTYPE');
  return { type: values.get('TYPE') ?? '', other: table === undefined ? '' : `a partition table (${table})` };
}

/** A magic number that the second probe knows, and where it is. */
export interface Trace {
  readonly offset: number;
  readonly type: string;
}

/** All of them, also those that contradict each other. @throws StorageError `unavailable` */
export async function tracesOn(host: Processes, device: BlockDevice, signal: AbortSignal): Promise<Trace[]> {
  const args = ['--no-act', '--noheadings', '--output', 'OFFSET,TYPE', device.path];
  const { text } = await attempt(device, () => host.run('wipefs', args, { timeoutMs: READ_MS, signal }));
  return text.split('\n').flatMap((line) => {
    const [offset = '', type = ''] = line.trim().split(/\s+/);
    return offset === '' ? [] : [{ offset: Number(offset), type }];
  });
}

/** The superblock at the place where the filesystem in use has it. @throws StorageError `unavailable` */
export async function superblockOn(
  host: Processes,
  device: BlockDevice,
  signal: AbortSignal,
): Promise<Superblock | undefined> {
  const [start] = await read(host, device, telltaleRegions(device.bytes).slice(0, 1), signal);
  return start && primarySuperblock(start.bytes);
}

/** Reads regions one after the other: for thirty of them a shell is twenty times as fast as as many children of this process. */
const READ_REGIONS = `
device=$1; shift
while [ $# -gt 0 ]; do
  dd if="$device" bs=65536 iflag=direct,skip_bytes,count_bytes,fullblock skip="$1" count="$2" status=none || exit
  shift 2
done`;

/** Past the page cache, which may hold what another device of that name left; in a child, which may hang alone. */
async function read(
  host: Processes,
  device: BlockDevice,
  regions: readonly Region[],
  signal: AbortSignal,
): Promise<{ readonly region: Region; readonly bytes: Buffer }[]> {
  const wanted = regions.reduce((sum, { length }) => sum + length, 0);
  const places = regions.flatMap(({ offset, length }) => [`${offset}`, `${length}`]);
  const options: ProcessOptions = { timeoutMs: READ_MS, maxBytes: wanted + 1, signal };
  const { bytes } = await attempt(device, () =>
    host.run('sh', ['-c', READ_REGIONS, 'dd', device.path, ...places], options),
  );
  if (bytes.length !== wanted) {
    throw unreadable(device, `of ${wanted} bytes in ${regions.length} places only ${bytes.length} could be read`);
  }
  let at = 0;
  return regions.map((region) => {
    const start = at;
    at += region.length;
    return { region, bytes: bytes.subarray(start, at) };
  });
}

async function attempt<T>(device: BlockDevice, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProcessError) throw unreadable(device, error.message);
    throw error;
  }
}

function unreadable({ path }: BlockDevice, why: string): StorageError {
  return new StorageError('NODE-LOST', path, `it cannot be read: ${why}`);
}

function splitAt(line: string, separator: string): [string, string] {
  const at = line.indexOf(separator);
  return [line.slice(0, at), line.slice(at + 1)];
}
