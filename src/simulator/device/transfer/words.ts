import { ScriptKilled } from '../../console/execution.ts';
import { DeviceFailure } from '../../console/menu.ts';
import { hasCode } from '../plain-files.ts';

/** What `status` says (U39). Only `done` is known; errors of Btrfs have the form of the manual (docs/routeros.md, 1.4). */
export const STATUS = {
  waiting: 'waiting',
  running: 'in progress',
  done: 'done',
  interrupted: 'interrupted',
} as const;

const NO_SPACE = 'No space left on device';

/** What `status` says of an error. */
export function statusOf(error: unknown): string {
  if (error instanceof DeviceFailure) return error.message;
  if (error instanceof ScriptKilled) return STATUS.interrupted;
  if (hasCode(error, 'ENOSPC')) return NO_SPACE;
  const reason = error instanceof Error ? error.message : String(error);
  return reason.replace(/[^\x20-\x7E]/g, ' ');
}
