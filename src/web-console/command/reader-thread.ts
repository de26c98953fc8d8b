/** The thread that reads (`reading.ts`): it answers one question after the other, for as long as the console runs. */
import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '../../failures/system-error.ts';
import { openConsole } from './open.ts';
import type { Answer, Question, ReadingOf } from './reading.ts';

/** @throws Error when the backends cannot be opened, which ends the thread. */
async function answerQuestions(port: MessagePort, { config, flags }: ReadingOf): Promise<void> {
  const opened = await openConsole(config, flags);
  port.on('message', async ({ id, why }: Question) => {
    try {
      if (why === undefined) {
        // A copy of the JSON alone goes over, whose bytes change hands.
        const json = new TextEncoder().encode(JSON.stringify(await opened.read()));
        port.postMessage({ id, value: json } satisfies Answer, [json.buffer]);
      } else {
        port.postMessage({ id, value: await opened.why(why.object, why.namespace) } satisfies Answer);
      }
    } catch (error) {
      port.postMessage({ id, because: reasonOf(error) } satisfies Answer);
    }
  });
}

if (!isMainThread && parentPort !== null) await answerQuestions(parentPort, workerData as ReadingOf);
