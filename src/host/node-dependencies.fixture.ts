/** The node side on a machine where nothing happens, for tests of one decision. */
import { pino } from 'pino';
import type { Attachment } from './attachment.ts';
import { FormatRecords } from './format-record.ts';
import { Formatting } from './formatting.ts';
import { Mounts } from './mounts.ts';
import type { NodeDependencies } from './node-dependencies.ts';
import { type Processes, processes } from './processes.ts';

/** @param connection what of it the test makes up; the rest fails the test. */
export function nodeDependencies(connection: Partial<Attachment>, host: Processes = processes()): NodeDependencies {
  const unexpected = async () => {
    throw new Error('unexpected');
  };
  return {
    attachment: {
      connect: unexpected,
      find: unexpected,
      connected: unexpected,
      disconnect: unexpected,
      ownerOf: async () => ({ kind: 'lost' }),
      isLive: async () => true,
      rescan: async () => {},
      connections: unexpected,
      ...connection,
    },
    host,
    mounts: new Mounts(host),
    logger: pino({ level: 'silent' }),
    patienceMs: 0,
    formatting: new Formatting(host, new FormatRecords('/nowhere')),
  };
}
