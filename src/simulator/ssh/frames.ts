/** Of a frame; a piece of a transfer is much smaller, but what is said before it has texts of files in it. */
const MAX_FRAME_BYTES = 64 * 2 ** 20;
const HEADER_BYTES = 4;

/** A stream that ended in the middle. */
export class CutOff extends Error {
  override readonly name = 'CutOff';

  constructor(cause?: unknown) {
    super('ssh: connection lost', { cause });
  }
}

/** A piece behind its length. An empty one ends the pieces. */
export function frame(piece: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(piece.length);
  return Buffer.concat([header, piece]);
}

/**
 * The pieces of a stream of frames, as they were sent, up to the empty one.
 *
 * @throws CutOff when the stream ends before that.
 */
export async function* frames(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const data of stream) {
      rest = Buffer.concat([rest, data]);
      while (rest.length >= HEADER_BYTES) {
        const length = rest.readUInt32BE();
        if (length === 0) return;
        if (length > MAX_FRAME_BYTES) throw new CutOff('not a stream of frames');
        if (rest.length < HEADER_BYTES + length) break;
        yield rest.subarray(HEADER_BYTES, HEADER_BYTES + length);
        rest = rest.subarray(HEADER_BYTES + length);
      }
    }
  } catch (error) {
    throw error instanceof CutOff ? error : new CutOff(error);
  }
  throw new CutOff();
}
