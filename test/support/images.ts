import { createCipheriv, createHash } from 'node:crypto';
import { change, look } from './console.ts';
import type { Stack } from './stack.ts';

type SimulatedRds = Pick<Stack, 'simulator' | 'api'>;

const MiB = 1024 ** 2;

/** `length` bytes that differ for every `seed` and from place to place, so that nothing passes for them. */
export function pattern(seed: string, length = MiB): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Writes to a volume that is not published, without the driver. */
export async function write(rds: SimulatedRds, volumeId: string, offset: number, data: Uint8Array): Promise<void> {
  await exported(rds, volumeId, (nqn) => rds.api.write(nqn, offset, data));
}

/** All bytes of a volume that is not published, read without the driver. */
export async function readAll(rds: SimulatedRds, volumeId: string): Promise<Buffer> {
  return await exported(rds, volumeId, async (nqn) => {
    const { size } = await rds.api.namespace(nqn);
    return await rds.api.read(nqn, { offset: 0, length: size });
  });
}

async function exported<T>(
  { simulator }: SimulatedRds,
  volumeId: string,
  work: (nqn: string) => Promise<T>,
): Promise<T> {
  const uuid = volumeId.slice(volumeId.indexOf(':pvc-') + ':pvc-'.length);
  const item = `[find where slot=pvc-${uuid.replaceAll('-', '').slice(0, 28)} and !nvme-tcp-export]`;
  await change(simulator, `/disk set ${item} nvme-tcp-export=yes`);
  try {
    return await work(await look(simulator, `:put [/disk get ${item.replace('!', '')} nvme-tcp-server-nqn]`));
  } finally {
    await change(simulator, `/disk set ${item.replace('!', '')} nvme-tcp-export=no`);
  }
}
