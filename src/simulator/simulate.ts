import { join } from 'node:path';
import { ApiServer } from './api/api-server.ts';
import { Console, type ConsoleHooks } from './console/console.ts';
import { Counters } from './counters.ts';
import { Device } from './device/device.ts';
import type { DeviceOptions } from './device/options.ts';
import { parseAuthorizedKeys } from './ssh/authorized-keys.ts';
import { loadHostKey } from './ssh/host-key.ts';
import { SshServer } from './ssh/ssh-server.ts';

/** Everything that `rose-csi simulate` can be told. */
export interface SimulatorOptions extends DeviceOptions {
  /** A loopback address; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Text of an authorized_keys file. There is no default key. */
  readonly authorizedKeys: string;
  /** The only user who may log in. */
  readonly user: string;
  /** Path of the API's unix socket; by default `api.sock` in the state directory. */
  readonly apiSocket?: string;
  /** Delay before each command runs, in ms; by default none. */
  readonly latencyMs?: number;
  /** Watches the statements of all scripts, e.g. to inject faults. */
  readonly hooks?: ConsoleHooks;
}

/** A running simulator. */
export interface Simulator {
  readonly address: string;
  readonly port: number;
  /** `SHA256:…`. */
  readonly hostKeyFingerprint: string;
  /** Type and base64 of the host key, as in a known_hosts file after the host name. */
  readonly hostPublicKey: string;
  /** Path of the API's unix socket. */
  readonly apiSocket: string;
  readonly counters: Counters;
  readonly device: Device;
  /** Stops listening, waits a little for running scripts, and lets go of the state directory. */
  close(): Promise<void>;
}

/**
 * Starts an RDS without hardware: device, SSH server and API.
 *
 * @throws Error when an option is wrong, there is no authorised key, or the state directory is in use or damaged.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const authorizedKeys = parseAuthorizedKeys(options.authorizedKeys);
  const counters = new Counters();
  const device = await Device.open(options);
  const stops: (() => Promise<void>)[] = [() => device.close()];
  const close = async (): Promise<void> => {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
  };
  try {
    const hostKey = await loadHostKey(options.stateDir);
    const ssh = await SshServer.start({
      ...{ listen: options.listen, user: options.user, hostKey, authorizedKeys, counters },
      shell: new Console(device.menus, countingHooks(counters, options.hooks)),
      latencyMs: options.latencyMs ?? 0,
    });
    stops.push(() => ssh.close());
    const address = { host: options.listen.host, port: ssh.port };
    const hostKeyInfo = { hostKeyFingerprint: hostKey.fingerprint, hostPublicKey: hostKey.publicKey };
    const api = await ApiServer.start({
      ...{ device, counters, ssh: { ...address, user: options.user, ...hostKeyInfo } },
      socketPath: options.apiSocket ?? join(options.stateDir, 'api.sock'),
    });
    stops.push(() => api.close());
    return {
      address: address.host,
      port: ssh.port,
      ...hostKeyInfo,
      apiSocket: api.socketPath,
      counters,
      device,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function countingHooks(counters: Counters, inner: ConsoleHooks = {}): ConsoleHooks {
  return {
    beforeStatement(statement) {
      counters.count('statements');
      return inner.beforeStatement?.(statement);
    },
  };
}
