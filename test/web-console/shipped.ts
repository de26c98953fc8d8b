/** `rose-csi console` as it is shipped, as a process. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { buildBundle } from '../../scripts/build.ts';
import type { Scene } from '../../src/web-console/scene.ts';
import { type RunningConsole, startConsole } from '../support/programs.ts';

interface Console extends RunningConsole {
  /** Where it says that it serves, with a slash at the end. */
  readonly url: string;
}

let built: Promise<string> | undefined;

/** Builds the program, once for all tests of a file. @returns it; the end of the process removes it */
export async function program(): Promise<string> {
  built ??= mkdtemp(join(tmpdir(), 'rose-csi-console-')).then((directory) => {
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
    return buildBundle(join(directory, 'dist'));
  });
  return await built;
}

/** Starts a console, which ends with the test. */
export async function start(t: TestContext, configFile: string, ...flags: readonly string[]): Promise<Console> {
  const running = await startConsole(await program(), configFile, ...flags);
  t.after(() => running.stop());
  return { ...running, url: /^(http:\S+) /.exec(running.said)?.[1] ?? assert.fail(running.said) };
}

/** What it shows, once it has read it. */
export async function sceneOf({ url }: Pick<Console, 'url'>): Promise<Scene> {
  const response = await fetch(`${url}api/scene`);
  assert.equal(response.status, 200);
  return (await response.json()) as Scene;
}
