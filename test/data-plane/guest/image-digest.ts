import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const PART = 64 * 2 ** 10;
const EMPTY = Buffer.alloc(PART);

export interface ImageDigest {
  /** The same for images that are the same byte for byte, whether they have holes or zeros. */
  readonly digest: string;
  /** Bytes of the parts that are not all zeros. */
  readonly bytes: number;
}

/** Reads an image to its end. */
export async function imageDigest(path: string): Promise<ImageDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path);
  try {
    const { size } = await file.stat();
    hash.update(`${size}`);
    const buffer = Buffer.alloc(PART);
    for (let offset = 0; offset < size; offset += PART) {
      const { bytesRead } = await file.read(buffer, 0, PART, offset);
      const part = buffer.subarray(0, bytesRead);
      if (part.equals(EMPTY.subarray(0, bytesRead))) continue;
      hash.update(`${offset} `).update(part);
      bytes += bytesRead;
    }
    return { digest: hash.digest('hex'), bytes };
  } finally {
    await file.close();
  }
}
