import type { ServerChannel } from 'ssh2';
import type { Execution } from '../console/execution.ts';
import { CutOff, frames } from './frames.ts';

/** The command by which one simulator sends to another. RouterOS has its own way, which no one has written down. */
export const RECEIVE_COMMAND = 'rose-csi-simulator receive';

/** What receives. */
export interface Receiver {
  /** @throws an error whose words the sender gets when the request is refused. */
  begin(request: unknown, execution: Execution): Promise<{ take(pieces: AsyncIterable<Buffer>): Promise<void> }>;
  /** What the sender learns of an error. */
  wordsOf(error: unknown): string;
}

/** What the receiver says, a line of JSON each time: that it is content so far, or why it gives up. */
export interface Answer {
  readonly error?: string;
}

/**
 * Serves one {@link RECEIVE_COMMAND}: a request, an answer, pieces, an answer. Ends when all that came is dealt with, also
 * when the connection died or the execution was killed.
 */
export async function serveReceive(channel: ServerChannel, execution: Execution, receiver: Receiver): Promise<void> {
  channel.on('error', () => undefined);
  const say = (answer: Answer) => channel.writable && channel.write(`${JSON.stringify(answer)}\n`);
  // The channel stays open when its pieces are read no further, for the answer.
  const pieces = frames(channel.iterator({ destroyOnReturn: false }));
  try {
    const first = await pieces.next();
    if (first.done === true) return;
    const reception = await receiver.begin(JSON.parse(first.value.toString()), execution);
    say({});
    await reception.take(pieces);
    say({});
  } catch (error) {
    if (!execution.isKilled && !(error instanceof CutOff)) say({ error: receiver.wordsOf(error) });
  } finally {
    if (channel.writable) {
      channel.exit(0);
      channel.end();
    }
    channel.close();
  }
}
