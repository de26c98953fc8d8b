import assert from 'node:assert/strict';
import { ConfigError, parseConfig } from './load.ts';

/** The least that a configuration has. */
export const minimal = {
  clusterId: 'c1',
  backends: [
    {
      name: 'rds1',
      ssh: { host: '192.0.2.1', user: 'csi', privateKeyFile: '/key', hostKeys: ['SHA256:abc'] },
      nvme: { address: '192.0.2.1' },
      pools: [{ label: 'pool', uuid: '11111111-2222-3333-4444-555555555555' }],
    },
  ],
};

/** Its one backend. */
export const backend = minimal.backends[0] ?? assert.fail();

/** What is said of a document, called `f`; `nothing` when it is accepted. */
export function said(document: unknown): string {
  try {
    parseConfig(document, 'f');
  } catch (error) {
    return error instanceof ConfigError ? error.message : String(error);
  }
  return 'nothing';
}

/** The same, of the least configuration with another backend. @param changes merged over it */
export function withBackend(changes: object): string {
  return said({ ...minimal, backends: [{ ...backend, ...changes }] });
}
