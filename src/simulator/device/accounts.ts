import { DeviceFailure } from '../console/menu.ts';
import { isAmong } from './addresses.ts';
import type { State } from './state.ts';

/** Everything that a group can allow (docs/routeros.md, 9). */
export const POLICIES: readonly string[] = [
  'local',
  'telnet',
  'ssh',
  'ftp',
  'reboot',
  'read',
  'write',
  'policy',
  'test',
  'winbox',
  'password',
  'web',
  'sniff',
  'sensitive',
  'api',
  'romon',
  'rest-api',
];

/** What accounts, groups and keys take, also to look at them: nothing else is known to be enough. */
export const ONLY_ADMINISTRATORS = { change: 'policy', look: 'policy' } as const;

/** The account with the group `full` that every simulated RDS has, with the keys of the one it was started with. */
export const ADMINISTRATOR = 'admin';

/** The group of the account that the simulator was started with. */
export const OWNERS_GROUP = 'csi';

/** The groups that every device has, and the one for a driver (docs/routeros.md, 9). */
export const BUILT_IN_GROUPS: ReadonlyMap<string, readonly string[]> = new Map([
  ['read', POLICIES.filter((policy) => !['ftp', 'write', 'policy'].includes(policy))],
  ['write', POLICIES.filter((policy) => !['ftp', 'policy'].includes(policy))],
  ['full', POLICIES],
  [OWNERS_GROUP, ['ssh', 'read', 'write', 'test']],
]);

/** Who may log in, with which keys, and what for. */
export class Accounts {
  readonly #state: State;
  /** The account that the simulator was started with. */
  readonly owner: string;

  constructor(state: State, owner: string) {
    this.#state = state;
    this.owner = owner;
  }

  exists(user: string): boolean {
    return this.groupOf(user) !== undefined;
  }

  /** Undefined when there is no such account. */
  groupOf(user: string): string | undefined {
    if (user === ADMINISTRATOR) return 'full';
    return user === this.owner ? OWNERS_GROUP : this.#state.table('user').get(user)?.group;
  }

  /** The policies of a group; undefined when there is none of that name. */
  policiesOf(group: string): readonly string[] | undefined {
    return BUILT_IN_GROUPS.get(group) ?? this.#state.table('group').get(group)?.policies;
  }

  /** Whether an account may do what this policy is for; the device itself may do everything. */
  may(user: string | undefined, policy: string): boolean {
    if (user === undefined) return true;
    const group = this.groupOf(user);
    return group !== undefined && (this.policiesOf(group)?.includes(policy) ?? false);
  }

  /** @throws DeviceFailure when the account may not (docs/routeros.md, 1.4). */
  require(user: string | undefined, policy: string): void {
    if (!this.may(user, policy)) throw new DeviceFailure('not enough permissions (9)');
  }

  /** Whether an account may log in from an address (docs/routeros.md, 9). */
  mayLogInFrom(user: string, address: string): boolean {
    const { addresses = [] } = this.#state.table('user').get(user) ?? {};
    return addresses.length === 0 || isAmong(address, addresses);
  }

  /** Lines of public keys with which an account may log in, beside those that the simulator was started with. */
  publicKeys(user: string): readonly string[] {
    if (!this.may(user, 'ssh')) return [];
    return [...this.#state.table('publicKey').values()].filter((key) => key.user === user).map(({ line }) => line);
  }

  /** Texts in PEM of the private keys of an account, the newest first. */
  privateKeys(user: string): readonly string[] {
    const keys = [...this.#state.table('privateKey').values()];
    return keys
      .filter((key) => key.user === user)
      .map(({ pem }) => pem)
      .reverse();
  }

  /** Texts in PEM of all private keys, the newest first. */
  allPrivateKeys(): readonly string[] {
    return [...this.#state.table('privateKey').values()].map(({ pem }) => pem).reverse();
  }
}
