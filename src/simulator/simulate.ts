import { join } from 'node:path';
import { ApiServer } from './api/api-server.ts';
import { LoopTarget } from './attach/loop.ts';
import { HOST_CLOCK } from './clock.ts';
import { Console, type ConsoleHooks } from './console/console.ts';
import { inSequence } from './console/hooks.ts';
import { Counters } from './counters.ts';
import { ADMINISTRATOR } from './device/accounts.ts';
import { Device } from './device/device.ts';
import type { DeviceOptions } from './device/options.ts';
import type { Fault } from './faults/fault.ts';
import { FaultPlan } from './faults/fault-plan.ts';
import { Quirks } from './quirks/quirks.ts';
import { parseAuthorizedKeys } from './ssh/authorized-keys.ts';
import { loadHostKey } from './ssh/host-key.ts';
import { dialOverSsh } from './ssh/ssh-link.ts';
import { type Shell, SshServer } from './ssh/ssh-server.ts';
import { behaviorOf } from './ssh-behavior.ts';

/** Everything that `rose-csi simulate` takes. */
export interface SimulatorOptions extends DeviceOptions {
  /** A loopback address; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Text of an authorized_keys file. There is no default key. */
  readonly authorizedKeys: string;
  /** Who may log in with those keys, beside `admin`, who may do everything. */
  readonly user: string;
  /** Path of the API's unix socket; by default `api.sock` in the state directory. */
  readonly apiSocket?: string;
  /** Delay before each command runs, in ms; by default none. */
  readonly latencyMs?: number;
  /** Watches the statements of all scripts, before any fault strikes there. */
  readonly hooks?: ConsoleHooks;
  /** Armed from the start. */
  readonly faults?: readonly { readonly fault: Fault; readonly times?: number }[];
  /** Names of the quirks that the device has from the start. */
  readonly quirks?: readonly string[];
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
  /** Scripts that are under way now, also those whose connection died. */
  readonly running: number;
  /** What can go wrong once. */
  readonly faults: FaultPlan;
  /** In what the device differs from the simulator's strict default. */
  readonly quirks: Quirks;
  /**
   * As if the device lost power: scripts and connections die at once, whoever connects within `downMs` (by default 0) is cut
   * off, and what was done stays. Port and API stay. Resolves when the device is up again.
   */
  restart(downMs?: number): Promise<void>;
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
  const clock = options.clock ?? HOST_CLOCK;
  const quirks = new Quirks(options.quirks, () => clock.now());
  const device = await Device.open(options, () => quirks.device);
  const stops: (() => Promise<void>)[] = [() => device.close()];
  const close = async (): Promise<void> => {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
  };
  try {
    const hostKey = await loadHostKey(options.stateDir);
    const restart = async (downMs = 0): Promise<void> => {
      await ssh.restart(downMs, () => device.restart());
      await device.resume();
    };
    const faults = new FaultPlan(
      {
        restart: (downMs) => void restart(downMs),
        setPool: (condition) => device.conditions.set(condition),
        healPools: () => device.conditions.heal(),
      },
      clock,
    );
    for (const { fault, times } of options.faults ?? []) faults.arm(fault, times);
    const hooks = inSequence([countingHooks(counters), options.hooks ?? {}, faults]);
    const ssh = await SshServer.start({
      listen: options.listen,
      user: options.user,
      hostKey,
      authorizedKeys,
      counters,
      clock,
      shell: shellFor(device, new Console(quirks.menus(device.menus), hooks, () => quirks.dialect)),
      receiver: device.receiver,
      moreKeys: (user) => [
        ...(user === ADMINISTRATOR ? authorizedKeys : []),
        ...device.accounts.publicKeys(user).flatMap(parseAuthorizedKeys),
      ],
      admits: (user, address) => device.accounts.mayLogInFrom(user, address),
      latencyMs: options.latencyMs ?? 0,
      behavior: behaviorOf(quirks, faults),
    });
    stops.push(() => ssh.close());
    await device.connect({ dial: dialOverSsh, hooks: faults });
    // Whoever closes the device does not wait for what stands still.
    stops.push(async () => faults.clear());
    const address = { host: options.listen.host, port: ssh.port };
    const hostKeyInfo = { hostKeyFingerprint: hostKey.fingerprint, hostPublicKey: hostKey.publicKey };
    const trouble = {
      faults,
      quirks,
      restart,
      conditionOf: (pool: string) => ({ pool, ...device.conditions.of(pool) }),
    };
    const api = await ApiServer.start({
      loops: options.target instanceof LoopTarget ? options.target : undefined,
      device,
      counters,
      trouble,
      ssh: { ...address, user: options.user, ...hostKeyInfo },
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
      faults,
      quirks,
      restart,
      close,
      get running() {
        return ssh.running;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** No one looks at anything without the policy for it. */
function shellFor({ accounts }: Device, console: Console): Shell {
  return {
    async run(line, write, execution) {
      if (accounts.may(execution.user, 'read')) return console.run(line, write, execution);
      execution.fail();
      write('not enough permissions (9)\r\n');
    },
  };
}

function countingHooks(counters: Counters): ConsoleHooks {
  return { beforeStatement: () => counters.count('statements') };
}
