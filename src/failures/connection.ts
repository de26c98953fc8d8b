import { DOCTOR, DOCTOR_WRITES, failing, LOGS, passing } from './failure.ts';

/** How a conversation with an RDS fails. */
export const CONNECTION = {
  'RDS-REFUSED': failing(
    'unavailable',
    'the RDS refused a command',
    'Read what the RDS says; rose-csi doctor --write finds out what it refuses. Retrying automatically',
    { event: 'BackendRefuses', passes: true, command: DOCTOR_WRITES },
  ),
  /** The device came to the script too late for it to change anything any more, also when repeated. */
  'RDS-LATE': passing('unavailable', 'the RDS ran the command too late for it to change anything', {
    remedy: 'Retrying automatically; if this repeats, the RDS is overloaded',
  }),
  /** Nothing was sent: an earlier command on the object got no answer and may still be at work; detail: for how long. */
  'RDS-WAITING': passing('busy', 'an earlier command got no answer and may still be running on the RDS'),
  /** The console did not know a command or argument. Nothing ran. */
  'RDS-UNSUPPORTED': failing(
    'precondition',
    'the RDS does not know a command or argument of the driver',
    'Use RouterOS 7.21 or newer with the package rose-storage; rose-csi doctor names what is missing',
    { event: 'RouterOsUnfit', command: DOCTOR },
  ),
  'RDS-UNREACHABLE': failing(
    'unavailable',
    'the RDS cannot be reached over SSH',
    'Check power, network and the SSH service of the RDS; volumes in use work as long as its NVMe port answers. Retrying automatically',
    { event: 'BackendUnreachable', passes: true, command: DOCTOR },
  ),
  /**
   * Nothing was sent: a key file, the pinned host keys or the account on the device has to be changed first. Whoever calls
   * cannot correct it, and then the same call succeeds: hence `unavailable`.
   */
  'RDS-LOGIN': failing(
    'unavailable',
    'the driver cannot log in to the RDS',
    'Correct the key file or its Secret, the account on the RDS, or the pinned host keys; no restart is needed',
    { event: 'BackendLoginFailed', command: DOCTOR },
  ),
  /** Nothing was sent: it waited here until its time was over, or the queue was full. */
  'RDS-UNSENT': passing('unavailable', 'the command was not sent', {
    remedy: 'Retrying automatically; if this repeats, the RDS is too slow for its load',
  }),
  /**
   * The outcome is unknown, also after repeats; or this very command was not sent, because the one before it got no complete
   * answer (`not sent, …`).
   */
  'RDS-UNKNOWN': failing(
    'unavailable',
    'the RDS gave no complete answer',
    'Whatever was sent may have been carried out, so the next attempt reads the state first. Retrying automatically',
    { event: 'BackendUnreachable', passes: true, command: LOGS },
  ),
  'RDS-CANCELLED': passing('cancelled', 'the caller gave up', {
    remedy: 'Retrying automatically; if this repeats, raise --timeout of the sidecar',
  }),
  /** The answer was intact, but is not what such a script prints. */
  'RDS-UNEXPECTED': failing('internal', 'the RDS gave an unexpected answer', 'Report it with the log line', {
    command: LOGS,
  }),
};
