import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';

/** An answer of the API. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** The body read as JSON. */
  json(): unknown;
}

/** Sends one request over the unix socket. */
export async function callApi(
  socketPath: string,
  method: string,
  path: string,
  body?: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer> {
  const call = request({ socketPath, method, path, headers });
  call.end(body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const content = Buffer.concat(chunks);
  return { status: response.statusCode ?? 0, body: content, json: () => JSON.parse(content.toString()) };
}
