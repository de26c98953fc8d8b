import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { buildPage } from '../../scripts/build.ts';
import { readPage } from '../../src/web-console/page-files.ts';
import type { Scene, WhyScene } from '../../src/web-console/scene.ts';
import { SceneWatch } from '../../src/web-console/scene-watch.ts';
import { type ServerOptions, servePage } from '../../src/web-console/server.ts';

/** Where the page is served to a browser. */
export interface Served {
  /** With a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Readings so far. */
  readings(): number;
  /** Requests that wait for the next scene. */
  looking(): number;
  /** Ends the server, as if the console had been stopped. */
  stop(): Promise<void>;
}

export interface ServeOptions
  extends Partial<Pick<ServerOptions, 'hosts' | 'basePath' | 'why' | 'port' | 'silenceMs'>> {
  /** From one reading to the next, in ms. */
  readonly pauseMs?: number;
}

let built: Promise<string> | undefined;

/** Builds the page, once for all tests of a file. @returns the directory, which the end of the process removes */
async function page(): Promise<string> {
  built ??= mkdtemp(join(tmpdir(), 'rose-csi-page-')).then(async (directory) => {
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
    await buildPage(directory);
    return directory;
  });
  return await built;
}

/** Serves the page with what the readings find, until the test is over. */
export async function serve(
  t: TestContext,
  read: () => Promise<Scene>,
  {
    pauseMs = 60_000,
    hosts = [],
    basePath = '',
    port = 0,
    why = async () => assertNever(),
    ...more
  }: ServeOptions = {},
): Promise<Served> {
  let [readings, looking] = [0, 0];
  const scenes = new SceneWatch({
    read: async () => {
      readings += 1;
      return Buffer.from(JSON.stringify(await read()));
    },
    pauseMs,
    onDefect: (error) => {
      throw error;
    },
  });
  const counted = {
    after: async (number: number, signal: AbortSignal) => {
      looking += 1;
      return await scenes.after(number, signal).finally(() => {
        looking -= 1;
      });
    },
  };
  const files = await readPage(await page());
  const server = await servePage({ address: '127.0.0.1', port, hosts, basePath, files, scenes: counted, why, ...more });
  const stop = async (): Promise<void> => {
    await Promise.all([server.close(), scenes.close()]);
  };
  let stopped: Promise<void> | undefined;
  const once = (): Promise<void> => {
    stopped ??= stop();
    return stopped;
  };
  t.after(once);
  return {
    url: `http://127.0.0.1:${server.port}${basePath}/`,
    port: server.port,
    readings: () => readings,
    looking: () => looking,
    stop: once,
  };
}

function assertNever(): WhyScene {
  throw new Error('nothing is asked here');
}
