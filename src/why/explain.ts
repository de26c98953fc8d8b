import { controllerLog } from './driver-pods.ts';
import { DOCTOR, LOGS, MEANINGS, SNAPSHOTS } from './meanings.ts';
import type { Scene } from './scene.ts';

/** What somebody's error message means, and the one thing to do about it. */
export interface Explanation {
  readonly why: string;
  readonly next: string;
  readonly command?: string;
}

/** By gRPC code as Go writes it, for messages of the driver that are in no table. */
const CODES: Readonly<Record<string, Omit<Explanation, 'command'>>> = {
  InvalidArgument: {
    why: 'The request can never succeed as it stands.',
    next: 'Change the claim or the class: the message names the field.',
  },
  NotFound: { why: 'The box says that the object is not there.', next: 'Look for the id on the box.' },
  AlreadyExists: {
    why: 'The name is taken by an object that was made from another request.',
    next: 'Use another name.',
  },
  OutOfRange: { why: 'The size cannot be had.', next: 'Ask for at least the size that the message names.' },
  ResourceExhausted: {
    why: 'There is no room, or a limit is reached.',
    next: 'Free space or delete snapshots: the message has the figures.',
  },
  FailedPrecondition: { why: 'Somebody must change something first.', next: 'Follow the message.' },
  Aborted: { why: 'Another operation works on the object.', next: 'Wait: it is tried again.' },
  Unavailable: {
    why: 'The box cannot be reached, gave no intact answer, or refused a command. Nothing is concluded from it.',
    next: 'Examine the box and the way to it.',
  },
  Internal: { why: 'This is a defect of the driver.', next: 'Report it, with the line of the log.' },
};
const CODE_COMMANDS: Readonly<Record<string, string>> = { NotFound: SNAPSHOTS, Unavailable: DOCTOR, Internal: LOGS };
const RPC_ERROR = /rpc error: code = (\w+) desc = /;

/** What a message says, of an Event or of the error field of an object. Never undefined: a message is not silent. */
export function explain(message: string, scene: Scene): Explanation {
  const meaning = MEANINGS.find(({ pattern }) => pattern.test(message));
  if (meaning !== undefined) {
    const { why, next, command } = meaning;
    return { why, next, ...(command !== undefined && { command: fill(command, scene) }) };
  }
  const code = RPC_ERROR.exec(message)?.[1] ?? '';
  const known = CODES[code];
  if (known === undefined) {
    return {
      why: 'The message below says it.',
      next: 'Look at the log of the controller around that time.',
      command: fill(LOGS, scene),
    };
  }
  const command = CODE_COMMANDS[code];
  return { ...known, ...(command !== undefined && { command: fill(command, scene) }) };
}

function fill(command: string, scene: Scene): string {
  return command.replace(LOGS, controllerLog(scene));
}
