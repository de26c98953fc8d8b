import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  hostIdOf,
  identity,
  isNqnOf,
  isUuid,
  nodeIdOf,
  nodeIdOfHost,
  nqnOf,
  parseHandle,
  printHandle,
  uuidOfName,
  volumeUuidOf,
} from './ids.ts';
import { parsePageToken, printPageToken } from './page-token.ts';

const uuids = fc.uuid();
const owners = fc.stringMatching(/^[0-9a-f]{8}$/);
const sizes = fc.bigInt(0n, 2n ** 62n);
const backends = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);

test('handles and page tokens parse to what they were printed from', () => {
  fc.assert(
    fc.property(backends, uuids, fc.constantFrom('pvc', 'snap'), sizes, (backend, uuid, kind, after) => {
      const handle = { kind, backend, uuid } as const;
      assert.deepEqual(parseHandle(kind, printHandle(handle)), handle);
      assert.ok(printHandle(handle).length <= 128, 'CSI limits ids to 128 bytes');
      const token = { backend, pool: 'Pool_1.x', after };
      assert.deepEqual(parsePageToken(printPageToken(token)), token);
    }),
  );
});

test('a volume handle is no snapshot handle, and a foreign id is neither', () => {
  const id = 'rds1:pvc-11111111-2222-3333-4444-555555555555';
  assert.equal(parseHandle('snap', id), undefined);
  for (const foreign of ['', 'x', ':', 'rds1:', id.toUpperCase(), `${id} `, id.replace('rds1', ''), id.slice(5)]) {
    assert.equal(parseHandle('pvc', foreign), undefined, foreign);
  }
});

test('an NQN is of its volume and of its publication, and of no other', () => {
  fc.assert(
    fc.property(uuids, uuids, owners, owners, (uuid, other, token, later) => {
      const nqn = `${nqnOf(uuid)}-${token}`;
      assert.ok(isNqnOf(nqnOf(uuid), nqn) && isNqnOf(nqn, nqn));
      assert.equal(volumeUuidOf(nqn), uuid);
      assert.equal(isNqnOf(nqnOf(other), nqn), other === uuid);
      assert.equal(isNqnOf(`${nqnOf(uuid)}-${later}`, nqn), later === token);
      for (const foreign of [`${nqn}0`, `${nqn}-${token}`, `x${nqn}`, `${nqnOf(uuid)}${token}`, '']) {
        assert.ok(!isNqnOf(nqnOf(uuid), foreign), foreign);
        assert.equal(volumeUuidOf(foreign), undefined, foreign);
      }
    }),
  );
});

test('a CSI name with a uuid keeps it, any other gets a stable one of its own', () => {
  const uuid = '9d1f4c7e-8d7a-4d53-9c55-1f0e6b6a7c10';
  assert.equal(uuidOfName('pvc', `pvc-${uuid}`, 'aaaaaaaa'), uuid);
  assert.equal(uuidOfName('snap', `snap-${uuid}`, 'aaaaaaaa'), uuid);
  assert.notEqual(uuidOfName('snap', `pvc-${uuid}`, 'aaaaaaaa'), uuid);
  assert.notEqual(uuidOfName('pvc', `pvc-${uuid.toUpperCase()}`, 'aaaaaaaa'), uuid);
  assert.notEqual(uuidOfName('pvc', 'a', 'aaaaaaaa'), uuidOfName('pvc', 'a', 'bbbbbbbb'));
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), owners, (name, owner) => {
      const first = uuidOfName('pvc', name, owner);
      assert.ok(isUuid(first));
      assert.equal(uuidOfName('pvc', name, owner), first);
    }),
  );
});

test('permanent derivations stay what they are', () => {
  const { owner, owners: all } = identity('rds.rose-csi.io', 'cluster-a', ['cluster-b', 'cluster-a']);
  assert.equal(owner, 'ecf80161');
  assert.deepEqual(all, [owner, '71d0dfbd']);
  assert.deepEqual(identity('rds.rose-csi.io', 'cluster-a', ['owner:71d0dfbd']).owners, all, 'for who lost the id');
  assert.equal(uuidOfName('pvc', 'data', owner), 'c47fd82d-c165-5982-8adf-ae777fb84a3e');
  assert.equal(nodeIdOf('cluster-a', 'node-1'), 'nqn.2014-08.org.nvmexpress:uuid:76cb976a-2408-5e6c-abd6-82e8d68b30a1');
});

test('a node id gives back its host id, and nothing else does', () => {
  const nodeId = nodeIdOf('cluster', 'node');
  const hostId = hostIdOf(nodeId);
  assert.ok(hostId !== undefined && isUuid(hostId));
  assert.equal(nodeIdOfHost(hostId), nodeId);
  for (const other of ['', 'node', hostId, `${nodeId}0`, nodeId.toUpperCase()]) {
    assert.equal(hostIdOf(other), undefined, other);
  }
});

test('whatever a parser accepts is exactly what would be printed', () => {
  const handle = fc.tuple(backends, uuids).map(([backend, uuid]) => printHandle({ kind: 'pvc', backend, uuid }));
  const texts = handle.chain((text) =>
    fc
      .tuple(fc.nat(text.length), fc.constantFrom('x', 'A', '-', ' ', '\n', '0', '"'), fc.constantFrom(0, 1))
      .map(([at, extra, skip]) => text.slice(0, at) + extra + text.slice(at + skip)),
  );
  fc.assert(
    fc.property(fc.oneof(texts, fc.string()), (text) => {
      const parsed = parseHandle('pvc', text);
      const token = parsePageToken(text);
      assert.ok(parsed === undefined || printHandle(parsed) === text);
      assert.ok(token === undefined || printPageToken(token) === text);
    }),
  );
});
