import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Script } from '../routeros/index.ts';
import { readStringLiteral } from '../routeros/routeros-text.fixture.ts';
import {
  namesOf,
  parseSnapshotName,
  parseVolumeName,
  printSnapshotName,
  printVolumeName,
  slotOf,
  snapshotNamePrefix,
  snapshotNames as snapshotsOf,
  UNIT,
  volumeNames as volumesOf,
} from './names.ts';

const uuids = fc.uuid();
const owners = fc.stringMatching(/^[0-9a-f]{8}$/);
const sizes = fc.bigInt(0n, 2n ** 42n).map((units) => units * UNIT);
const plain = { noNullPrototype: true } as const;
const volumeNames = fc.record(
  {
    uuid: uuids,
    owner: owners,
    origin: fc.oneof(
      fc.constant({ kind: 'new' } as const),
      fc.record({ kind: fc.constantFrom('snapshot', 'volume'), uuid: uuids }, plain),
    ),
    requestedBytes: sizes,
  },
  plain,
);
const snapshotNames = fc.record(
  {
    uuid: uuids,
    owner: owners,
    sourceUuid: uuids,
    createdAtSeconds: fc.bigInt(0n, 9_999_999_999n),
    bytes: sizes,
  },
  plain,
);

/** One character more, less or other: a parser that accepts it would accept what is never printed. */
function mutations(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(text.length), fc.constantFrom('x', 'A', '-', ' ', '\n', '0', '"'), fc.constantFrom(0, 1))
    .map(([at, extra, skip]) => text.slice(0, at) + extra + text.slice(at + skip))
    .filter((mutated) => mutated !== text);
}

test('a volume name parses to what it was printed from, and fits the device', () => {
  fc.assert(
    fc.property(volumeNames, (name) => {
      const text = printVolumeName(name);
      assert.deepEqual(parseVolumeName(text), name);
      assert.match(text, /^[a-z0-9-]{1,120}$/);
    }),
  );
});

test('a snapshot name parses to what it was printed from, and fits the device', () => {
  fc.assert(
    fc.property(snapshotNames, (name) => {
      const text = printSnapshotName(name);
      assert.deepEqual(parseSnapshotName(text), name);
      assert.match(text, /^[a-z0-9-]{1,120}$/);
      assert.equal(text, `${snapshotNamePrefix(name)}${name.bytes}`);
      assert.equal(snapshotNamePrefix(name).length, 99, 'scripts cut the bytes out at this position');
    }),
  );
});

test('whatever a parser accepts is exactly what would be printed', () => {
  const texts = fc.oneof(
    volumeNames.chain((name) => mutations(printVolumeName(name))),
    snapshotNames.chain((name) => mutations(printSnapshotName(name))),
    fc.string(),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const volume = parseVolumeName(text);
      const snapshot = parseSnapshotName(text);
      assert.ok(volume === undefined || printVolumeName(volume) === text);
      assert.ok(snapshot === undefined || printSnapshotName(snapshot) === text);
      assert.ok(volume === undefined || snapshot === undefined, 'no name is both a volume and a snapshot');
    }),
  );
});

test('a name with further digits behind it, as users call their copies, was a name of ours', () => {
  const digits = fc.oneof(
    fc.stringMatching(/^[0-9]{0,5}[1-9]$/),
    fc.constantFrom('20261129', '20261129120000', '1', '2', '02'),
  );
  fc.assert(
    fc.property(volumeNames, snapshotNames, digits, (volume, snapshot, more) => {
      assert.equal(parseVolumeName(`${printVolumeName(volume)}${more}`), undefined);
      assert.equal(parseSnapshotName(`${printSnapshotName(snapshot)}${more}`), undefined);
    }),
  );
});

test('slots keep within 32 characters', () => {
  fc.assert(
    fc.property(uuids, (uuid) => {
      assert.match(slotOf({ kind: 'pvc', uuid }), /^pvc-[0-9a-f]{28}$/);
    }),
  );
});

/** An expression as it reaches the device, in a form that means the same here. */
function expression(script: Script): RegExp {
  return new RegExp(readStringLiteral(script.text).toString('utf8'));
}

test('the RDS is asked for whole names: of the object, and of nothing that is called like it and more', () => {
  const ends = fc.constantFrom('-backup', '-2', '-20261129', '.bak', '_copy', ' ', '-1-2', 'x', '/volume.img');
  fc.assert(
    fc.property(volumeNames, snapshotNames, ends, (volume, snapshot, end) => {
      const names = [
        [namesOf({ kind: 'pvc', uuid: volume.uuid }), printVolumeName(volume)],
        [namesOf({ kind: 'snap', uuid: snapshot.uuid }), printSnapshotName(snapshot)],
      ] as const;
      for (const [script, name] of names) {
        assert.match(name, expression(script));
        assert.doesNotMatch(`${name}${end}`, expression(script));
        assert.doesNotMatch(`x${name}`, expression(script));
      }
      const lists = [
        ...names,
        [volumesOf([volume.owner]), printVolumeName(volume)],
        [snapshotsOf([snapshot.owner]), printSnapshotName(snapshot)],
        [snapshotsOf([snapshot.owner], snapshot.sourceUuid), printSnapshotName(snapshot)],
      ] as const;
      for (const [script, name] of lists) {
        for (const path of [name, `/${name}`, `<FS_ROOT>/${name}`]) assert.match(path, expression(script));
        const inside = [
          `x/${name}`,
          `<FS_ROOT>/x/${name}`,
          `${name}/${name}`,
          `${name.slice(0, 60)}/${name.slice(61)}`,
        ];
        for (const path of inside) assert.doesNotMatch(path, expression(script), 'not in the top level');
      }
      assert.doesNotMatch(printVolumeName(volume), expression(namesOf({ kind: 'snap', uuid: volume.uuid })));
      assert.equal(
        expression(namesOf({ kind: 'pvc', uuid: snapshot.uuid })).test(printVolumeName(volume)),
        snapshot.uuid === volume.uuid,
      );
      assert.doesNotMatch(`pvc-${volume.uuid}-backup`, expression(namesOf({ kind: 'pvc', uuid: volume.uuid })));
    }),
  );
});
