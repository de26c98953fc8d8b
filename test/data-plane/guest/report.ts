/** Reports the machine outside how far a scenario is, and how it ended. */

const started = performance.now();
let failures = 0;

/** Runs one step and prints how long it took, in ms. */
export async function step<T>(name: string, work: () => Promise<T> | T): Promise<T> {
  const from = performance.now();
  try {
    const result = await work();
    console.log(`STEP ok ${Math.round(performance.now() - from)} ms ${name}`);
    return result;
  } catch (error) {
    console.log(`STEP failed ${Math.round(performance.now() - from)} ms ${name}`);
    throw error;
  }
}

/** Holds what must be true; a scenario with one that is not goes on, and fails at its end. */
export function check(what: string, holds: boolean): void {
  if (!holds) failures += 1;
  console.log(`CHECK ${holds ? 'ok' : 'FAILED'} ${what}`);
}

/** Why a call was refused; empty when it was not. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => '',
    (error: unknown) => String(error),
  );
}

/** Runs a scenario and ends the process with its result. */
export async function scenario(name: string, work: () => Promise<void>): Promise<never> {
  try {
    await work();
  } catch (error) {
    failures += 1;
    console.log(`CHECK FAILED ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  console.log(`SCENARIO ${name} ${failures === 0 ? 'ok' : 'failed'} ${Math.round(performance.now() - started)} ms`);
  process.exit(failures === 0 ? 0 : 1);
}
