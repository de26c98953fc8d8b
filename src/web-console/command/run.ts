import { readConfiguration } from '../../app/configuration.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { print, printNote } from '../../cli/output.ts';
import { reasonOf } from '../../failures/system-error.ts';
import { readPage } from '../page-files.ts';
import { SceneWatch } from '../scene-watch.ts';
import { servePage } from '../server.ts';
import { WhyDesk } from '../why-desk.ts';
import type { ConsoleFlags } from './command.ts';
import type { OpenFlags } from './open.ts';
import { pageDirectory } from './page-directory.ts';
import { Reading } from './reading.ts';
import { ALL_ADDRESSES } from './values.ts';

/**
 * Serves the page until a signal ends it.
 *
 * @throws Error when the configuration cannot be used, the page is not built, or the port cannot be had
 */
export async function runConsole(flags: ConsoleFlags): Promise<void> {
  const { config: file, clusterId, driverName, address, port, allowHost = [], basePath = '' } = flags;
  const [config, files] = await Promise.all([
    readConfiguration(file, { clusterId, driverName }),
    readPage(pageDirectory()),
  ]);
  const reading = new Reading({ config, flags: openFlags(flags) });
  const scenes = new SceneWatch({
    read: () => reading.read(),
    onDefect: (error) => printNote(`rose-csi console: a reading failed: ${reasonOf(error)}\n`),
  });
  const desk = new WhyDesk((object, namespace) => reading.why(object, namespace));
  const why = (object: string, namespace: string) => desk.ask(object, namespace);
  const everywhere = address === ALL_ADDRESSES;
  const server = await servePage({
    address: everywhere ? undefined : address,
    port,
    hosts: allowHost,
    basePath,
    files,
    scenes,
    why,
  });
  // Where it serves everywhere, there is one place at least that is known.
  const host = everywhere ? 'localhost' : address.includes(':') ? `[${address}]` : address;
  print(`http://${host}:${server.port}${basePath}/ shows the backends, and changes nothing. Ctrl-C ends it.\n`);
  const stop = (): void => {
    Promise.all([server.close(), scenes.close(), reading.close()])
      .catch((error: unknown) => {
        printNote(`rose-csi console: stopping failed: ${reasonOf(error)}\n`);
        process.exitCode = EXIT.failed;
      })
      .finally(() => process.exit());
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

/** What of the flags says what is read. */
function openFlags({ config, showConfig, deviceOnly, kubeconfig, context }: ConsoleFlags): OpenFlags {
  return {
    config: showConfig ?? config,
    ...(deviceOnly !== undefined && { deviceOnly }),
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  };
}
