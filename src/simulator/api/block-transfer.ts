import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { BlockAccess } from '../device/blocks.ts';
import { HttpError } from './http-error.ts';

/** Most bytes of one request. */
const MAX_TRANSFER_BYTES = 64 * 2 ** 20;
const CHUNK_BYTES = 2 ** 20;

/** Answers a GET of blocks with the raw bytes. */
export async function sendBlocks(
  blocks: BlockAccess,
  nqn: string,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const offset = readInteger(query, 'offset');
  const length = readInteger(query, 'length');
  const { size } = blocks.namespace(nqn);
  if (length > MAX_TRANSFER_BYTES) throw new HttpError(413, 'too-large', `at most ${MAX_TRANSFER_BYTES} bytes at once`);
  if (offset + length > size) throw new HttpError(416, 'out-of-range', `the namespace has ${size} bytes`);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': length });
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let done = 0; done < length; done += CHUNK_BYTES) {
      yield await blocks.read(nqn, offset + done, Math.min(CHUNK_BYTES, length - done));
    }
  }
  await pipeline(chunks, response);
}

/**
 * Carries out a PUT of blocks. The range is checked before the first byte is written; each chunk is written at once, so
 * a snapshot may fall between two of them, as between two writes of an initiator.
 *
 * @returns the number of bytes written.
 */
export async function receiveBlocks(
  blocks: BlockAccess,
  nqn: string,
  query: URLSearchParams,
  request: IncomingMessage,
): Promise<number> {
  const offset = readInteger(query, 'offset');
  const length = declaredLength(query, request);
  const { size, readOnly } = blocks.namespace(nqn);
  if (length > MAX_TRANSFER_BYTES) throw new HttpError(413, 'too-large', `at most ${MAX_TRANSFER_BYTES} bytes at once`);
  if (offset + length > size) throw new HttpError(416, 'out-of-range', `the namespace has ${size} bytes`);
  if (readOnly) throw new HttpError(403, 'read-only', `${nqn} is read-only`);
  let written = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (written + chunk.length > length) throw new HttpError(400, 'bad-length', 'the body is longer than announced');
    await blocks.write(nqn, offset + written, chunk);
    written += chunk.length;
  }
  if (written < length) throw new HttpError(400, 'bad-length', `the body ended after ${written} bytes`);
  return written;
}

function declaredLength(query: URLSearchParams, request: IncomingMessage): number {
  const header = request.headers['content-length'];
  const announced = query.get('length') ?? header;
  if (announced === undefined) throw new HttpError(411, 'length-required', 'give content-length or length=');
  const length = toInteger('length', announced);
  if (header !== undefined && Number(header) !== length) {
    throw new HttpError(400, 'bad-length', 'length= and content-length differ');
  }
  return length;
}

function readInteger(query: URLSearchParams, name: string): number {
  return toInteger(name, query.get(name) ?? '');
}

function toInteger(name: string, text: string): number {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new HttpError(400, 'bad-request', `${name}= must be a number of bytes`);
  return value;
}
