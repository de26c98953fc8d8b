import type { Arguments } from '../../console/menu.ts';
import { RosArray } from '../../console/value.ts';
import { ADMINISTRATOR, BUILT_IN_GROUPS, ONLY_ADMINISTRATORS, OWNERS_GROUP, POLICIES } from '../accounts.ts';
import { readAddresses } from '../addresses.ts';
import { textArgument } from '../arguments.ts';
import { failure, invalidValue, noMatch, notSimulated } from '../failures.ts';
import type { Rds } from '../rds.ts';
import type { Change } from '../state.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { makeRow } from './rows.ts';

/** `/user` and `/user/group` (docs/routeros.md, 9): accounts that log in by a key, and what they may do. */
export function userMenus(rds: Rds): DeviceMenu[] {
  return [userMenu(rds), groupMenu(rds)];
}

function userMenu(rds: Rds): DeviceMenu {
  const { owner } = rds.accounts;
  return defineMenu(rds, {
    path: '/user',
    kind: 'list',
    nameProperty: 'name',
    policy: ONLY_ADMINISTRATORS,
    properties: ['name', 'group', 'address'],
    rows: async () => [
      userRow('*1', ADMINISTRATOR, 'full'),
      ...(owner === ADMINISTRATOR ? [] : [userRow('*2', owner, OWNERS_GROUP)]),
      ...[...rds.state.table('user').values()].map(({ id, name, group, addresses }) =>
        userRow(id, name, group, addresses),
      ),
    ],
    handlers: {
      async add(_ids, args) {
        // No one logs in by a password here, so none is kept.
        for (const name of args.keys()) {
          if (!['name', 'group', 'address', 'password'].includes(name)) throw notSimulated(`/user add ${name}=`);
        }
        const name = newName(args);
        const group = textArgument(args, 'group');
        if (group === undefined) throw failure('group must be specified');
        if (rds.accounts.policiesOf(group) === undefined) throw noMatch('group');
        if (rds.accounts.exists(name)) throw failure('user with the same name already exists');
        const addresses = readAddresses(textArgument(args, 'address') ?? '');
        if (addresses === undefined) throw invalidValue('address');
        const record = { id: rds.state.nextId('user', 3), name, group, addresses };
        rds.state.commit({ put: 'user', key: name, record });
        return record.id;
      },
      async remove(ids) {
        for (const id of ids) {
          const user = [...rds.state.table('user').values()].find((candidate) => candidate.id === id);
          if (user === undefined) throw notSimulated(`/user remove of ${ADMINISTRATOR} or ${owner}`);
          rds.state.commit({ remove: 'user', key: user.name }, ...removalOfKeys(rds, user.name));
        }
        return undefined;
      },
    },
  });
}

function groupMenu(rds: Rds): DeviceMenu {
  return defineMenu(rds, {
    path: '/user/group',
    kind: 'list',
    nameProperty: 'name',
    policy: ONLY_ADMINISTRATORS,
    properties: ['name', 'policy'],
    rows: async () => [
      ...[...BUILT_IN_GROUPS].map(([name, policies], index) => groupRow(`*${index + 1}`, name, policies)),
      ...[...rds.state.table('group').values()].map(({ id, name, policies }) => groupRow(id, name, policies)),
    ],
    handlers: {
      async add(_ids, args) {
        for (const name of args.keys()) {
          if (name !== 'name' && name !== 'policy') throw notSimulated(`/user/group add ${name}=`);
        }
        const name = newName(args);
        if (rds.accounts.policiesOf(name) !== undefined) throw failure('group with the same name already exists');
        const policies = (textArgument(args, 'policy') ?? '').split(',').filter((policy) => policy !== '');
        if (!policies.every((policy) => POLICIES.includes(policy))) throw noMatch('policy');
        const record = { id: rds.state.nextId('group', BUILT_IN_GROUPS.size + 1), name, policies };
        rds.state.commit({ put: 'group', key: name, record });
        return record.id;
      },
      async remove(ids) {
        for (const id of ids) {
          const group = [...rds.state.table('group').values()].find((candidate) => candidate.id === id);
          if (group === undefined) throw failure('can not remove a default group');
          const isUsed = [...rds.state.table('user').values()].some((user) => user.group === group.name);
          if (isUsed) throw failure('group is in use');
          rds.state.commit({ remove: 'group', key: group.name });
        }
        return undefined;
      },
    },
  });
}

function userRow(id: string, name: string, group: string, addresses: readonly string[] = []) {
  return makeRow(id, { name, group, address: new RosArray([...addresses]) });
}

function groupRow(id: string, name: string, policies: readonly string[]) {
  return makeRow(id, { name, policy: new RosArray([...policies]) });
}

/** A name as accounts may have it (docs/routeros.md, 9). */
function newName(args: Arguments): string {
  const name = textArgument(args, 'name');
  if (name === undefined || !/^[A-Za-z0-9][A-Za-z0-9_.#@-]*$/.test(name)) throw invalidValue('name');
  return name;
}

function removalOfKeys(rds: Rds, user: string): Change[] {
  return (['publicKey', 'privateKey'] as const).flatMap((table) =>
    [...rds.state.table(table)].filter(([, key]) => key.user === user).map(([key]): Change => ({ remove: table, key })),
  );
}
