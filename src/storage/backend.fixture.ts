/** For the specs of this directory: a backend, and someone who waits for its answers. */
import type { Rds } from '../rds/index.ts';
import type { Backend } from './backend.ts';
import { callWithin } from './call.ts';

export const call = callWithin(60_000);

export function backendOf(rds: Rds, other: Partial<Backend> = {}): Backend {
  return { name: 'rds1', rds, dataAddress: '198.51.100.10', network: 'default', allowHostName: false, ...other };
}
