import { stat } from 'node:fs/promises';
import { printNote } from '../cli/output.ts';
import { ConfigError, loadConfig, type Overrides } from '../config/load.ts';
import type { BackendConfig, Config } from '../config/schema.ts';
import { readHostKeys, readPrivateKey } from '../routeros/index.ts';

/** Notified of what can be used and should be looked at. */
export type Warn = (problem: string) => void;

/**
 * Reads a configuration with all files that it names, for a command that someone has typed.
 *
 * @throws ConfigError with all problems at once.
 */
export async function readConfiguration(file: string, overrides: Overrides = {}): Promise<Config> {
  const config = await loadConfig(file, overrides);
  await checkKeyFiles(file, config, (problem) => printNote(`rose-csi: warning: ${problem}\n`));
  return config;
}

/**
 * Looks whether the private keys and the pinned host keys can be used, with the checks of each connect.
 *
 * @param file of the configuration, for messages
 * @throws ConfigError with all problems at once, and without a part of a key.
 */
export async function checkKeyFiles(file: string, { backends }: Config, warn: Warn): Promise<void> {
  const found = await Promise.all(
    backends.map(async ({ name, ssh }) => [
      ...(await problemsOf(`backends[${name}].ssh.privateKeyFile`, checkPrivateKey(ssh.privateKeyFile, warn))),
      ...(await problemsOf(`backends[${name}].ssh.${hostKeysAt(ssh)}`, readHostKeys(ssh, warn))),
    ]),
  );
  const problems = found.flat();
  if (problems.length > 0) throw ConfigError.of(file, problems);
}

function hostKeysAt({ hostKeysFile }: BackendConfig['ssh']): string {
  return hostKeysFile === undefined ? 'hostKeys' : 'hostKeysFile';
}

async function checkPrivateKey(file: string, warn: Warn): Promise<void> {
  await readPrivateKey(file);
  const mode = (await stat(file)).mode & 0o777;
  if ((mode & 0o004) !== 0) {
    warn(
      `the key file ${file} can be read by every user of this machine (mode ${mode.toString(8)}): chmod 600 ${file}`,
    );
  }
}

async function problemsOf(place: string, check: Promise<unknown>): Promise<readonly string[]> {
  return await check.then(
    () => [],
    (error: unknown) => [`${place}: ${error instanceof Error ? error.message : String(error)}`],
  );
}
