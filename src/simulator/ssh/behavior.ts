import type { OutputFilter } from '../output/output-filter.ts';

/** What is never answered any more: a channel that is being opened, or its whole connection, on which scripts run on. */
export type Hanging = 'channel' | 'connection';

/** How the SSH side behaves where a device may differ, or may have a bad day. Asked each time, so it may change meanwhile. */
export interface SshBehavior {
  /** @param open Connections that are logged in already. */
  refusesLogin(open: number): boolean;
  /** @param open Channels that are open on the connection already. */
  refusesChannel(open: number): boolean;
  /**
   * What hangs when a further channel is opened; undefined for nothing.
   *
   * @param open Channels that are open on the connection already.
   */
  hangs(open: number): Hanging | undefined;
  /** What the device takes of a command. */
  takes(command: string): string;
  /** What the output of a command goes through, in this order. */
  filters(command: string): readonly OutputFilter[];
  /** Exit status of a command; undefined sends none. */
  exitStatus(failed: boolean): number | undefined;
  /** Whether a script is killed when its channel or connection dies (U22). */
  diesWithChannel(): boolean;
}

/** A device on a good day (docs/routeros.md, 1.1). */
export const GOOD_BEHAVIOR: SshBehavior = {
  refusesLogin: () => false,
  refusesChannel: () => false,
  hangs: () => undefined,
  takes: (command) => command,
  filters: () => [],
  exitStatus: () => 0,
  diesWithChannel: () => false,
};
