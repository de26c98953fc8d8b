import type { FaultPlan } from './faults/fault-plan.ts';
import type { Quirks } from './quirks/quirks.ts';
import type { SshBehavior } from './ssh/behavior.ts';

/** How the SSH side behaves with these quirks and faults. Output meets the quirks first, as those are the device's own. */
export function behaviorOf(quirks: Quirks, faults: FaultPlan): SshBehavior {
  return {
    refusesLogin: (open) => open >= (quirks.ssh.maxSessions ?? Number.POSITIVE_INFINITY),
    refusesChannel: (open) =>
      open >= (quirks.ssh.maxChannels ?? Number.POSITIVE_INFINITY) || faults.refusesChannel(open),
    hangs: (open) =>
      open + 1 >= (quirks.ssh.hangs?.channels ?? Number.POSITIVE_INFINITY) ? quirks.ssh.hangs?.what : undefined,
    takes: (command) => Buffer.from(command).subarray(0, quirks.ssh.maxCommandBytes).toString(),
    filters: (command) => [...quirks.filters(), ...faults.filters(command)],
    exitStatus: (failed) => (quirks.ssh.exitStatus === undefined ? 0 : quirks.ssh.exitStatus(failed)),
    diesWithChannel: () => quirks.ssh.diesWithChannel === true,
  };
}
