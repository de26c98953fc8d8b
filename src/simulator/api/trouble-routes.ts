import type { IncomingMessage } from 'node:http';
import type { PoolCondition } from '../faults/fault.ts';
import type { FaultPlan } from '../faults/fault-plan.ts';
import { parseCondition, parseFaultOrder, parseQuirkNames, parseRestart } from '../faults/fault-schema.ts';
import { QUIRKS, type Quirks } from '../quirks/quirks.ts';
import { HttpError } from './http-error.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** What of a simulator can be made to go wrong. */
export interface Trouble {
  readonly faults: FaultPlan;
  readonly quirks: Quirks;
  /** Resolves when the device is up again. */
  restart(downMs: number): Promise<void>;
  /** What a pool is like now. */
  conditionOf(label: string): PoolCondition;
}

/**
 * Answers a request that is about faults, pool conditions, quirks or a restart.
 *
 * @param path Of the URL, decoded.
 * @returns the body of the answer; undefined when the request is about something else.
 * @throws HttpError 400 for a body that is not as it should be, 404 for a pool that is not there.
 */
export async function answerTrouble(trouble: Trouble, path: string, request: IncomingMessage): Promise<unknown> {
  const { faults, quirks } = trouble;
  switch (`${request.method} ${path}`) {
    case 'GET /v1/faults':
      return armed(faults);
    case 'POST /v1/faults': {
      const { fault, times } = await read(request, parseFaultOrder);
      faults.arm(fault, times);
      return armed(faults);
    }
    case 'DELETE /v1/faults':
      faults.clear();
      return armed(faults);
    case 'POST /v1/faults/release':
      faults.release();
      return armed(faults);
    case 'GET /v1/quirks':
      return { names: quirks.names, quirks: QUIRKS };
    case 'PUT /v1/quirks':
      await read(request, (body) => quirks.set(parseQuirkNames(body)));
      return { names: quirks.names, quirks: QUIRKS };
    case 'POST /v1/restart':
      await trouble.restart(await read(request, parseRestart));
      return {};
    default:
      return request.method === 'PUT' ? setCondition(trouble, path, request) : undefined;
  }
}

async function setCondition(
  { faults, conditionOf }: Trouble,
  path: string,
  request: IncomingMessage,
): Promise<unknown> {
  const pool = /^\/v1\/pools\/([^/]+)\/condition$/.exec(path)?.[1];
  if (pool === undefined) return undefined;
  const condition = await read(request, parseCondition);
  try {
    faults.setPool({ pool, ...condition });
  } catch (error) {
    throw new HttpError(404, 'no-such-pool', messageOf(error));
  }
  return conditionOf(pool);
}

function armed(faults: FaultPlan): unknown {
  return faults.armed.map(({ fault, fired, standing }) => ({ fault, fired, standing }));
}

/** Reads a body of JSON; what `use` throws is the fault of who sent it. */
async function read<T>(request: IncomingMessage, use: (body: unknown) => T): Promise<T> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_BODY_BYTES) throw new HttpError(413, 'too-large', `at most ${MAX_BODY_BYTES} bytes`);
    parts.push(part);
  }
  try {
    return use(length === 0 ? {} : JSON.parse(Buffer.concat(parts).toString('utf8')));
  } catch (error) {
    throw new HttpError(400, 'bad-request', messageOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
