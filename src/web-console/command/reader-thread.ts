/** The thread that reads (`reading.ts`): it answers one question after the other, for as long as the console runs. */
import { parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '../../failures/system-error.ts';
import { openConsole } from './open.ts';
import type { Answer, Question, ReadingOf } from './reading.ts';

const port = parentPort;
if (port === null) throw new Error('this is a thread of rose-csi console');
const { config, flags } = workerData as ReadingOf;
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
