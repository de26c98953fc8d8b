import { ScriptKilled } from '../../console/execution.ts';
import { DeviceFailure } from '../../console/menu.ts';

/** What `status` says (U39). Only `done` is known; errors of Btrfs have the form of the manual (docs/routeros.md, 1.4). */
export const STATUS = {
  waiting: 'waiting',
  running: 'in progress',
  done: 'done',
  interrupted: 'interrupted',
} as const;

/** Errors of the machine below, as the kernel says them. */
const KERNEL: Readonly<Record<string, string>> = {
  ENOSPC: 'No space left on device',
  ENOENT: 'No such file or directory',
  EROFS: 'Read-only file system',
};

/** What `status` says of an error. */
export function statusOf(error: unknown): string {
  if (error instanceof DeviceFailure) return error.message;
  if (error instanceof ScriptKilled) return STATUS.interrupted;
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'code' in error) return KERNEL[String(error.code)] ?? printable(reason);
  return printable(reason);
}

function printable(reason: string): string {
  return reason.replace(/[^\x20-\x7E]/g, ' ');
}
