import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newRun, runOf, Scratch, ScratchRegistry } from './scratch.ts';

test('every name leads back to its run and to the second in which that began', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 40 }), (seconds, length) => {
      const run = newRun(seconds * 1000 + 999);
      const scratch = new Scratch(new ScratchRegistry(run), 'pool');
      for (const name of [scratch.subvolume(length), scratch.slot(length)]) {
        for (const changed of [name, name.toUpperCase(), name.replaceAll('-', '_')]) {
          assert.deepEqual(runOf(changed), { run, begunMs: seconds * 1000 });
        }
      }
    }),
  );
});

test('names of others have no run', () => {
  for (const name of [
    'pvc-1',
    'snap-1',
    'rose-doctor-',
    'rose-doctored',
    'rose-doctor-x',
    'my-rose-doctor-65000000abcd',
  ]) {
    assert.equal(runOf(name), undefined, name);
  }
});

test('names are short enough for a slot, or as long as asked for, and of letters, digits and dashes', () => {
  const scratch = new Scratch(new ScratchRegistry(), 'pool');
  const names = Array.from({ length: 60 }, () => scratch.slot());
  assert.equal(new Set(names).size, 60);
  for (const name of [...names, scratch.slot(32)]) assert.match(name, /^rose-doctor-[a-z0-9-]{1,20}$/);
  assert.equal(scratch.subvolume(120).length, 120);
});

test('what is to be removed is known last first, and how long more may come', () => {
  const registry = new ScratchRegistry();
  const scratch = new Scratch(registry, 'pool');
  const made = [scratch.subvolume(), scratch.slot(), scratch.subvolume()];
  assert.deepEqual(
    registry.objects.map(({ name }) => name),
    made.toReversed(),
  );
  assert.equal(registry.stillAppearingMs, 0);
  scratch.mayAppearWithin(60_000);
  assert.ok(registry.stillAppearingMs > 50_000);
  scratch.mayAppearWithin(0);
  assert.equal(registry.stillAppearingMs, 0);
});

test('names of the run are left out of texts, so that two runs can be compared', () => {
  const scratch = new Scratch(new ScratchRegistry(), 'pool');
  assert.equal(
    scratch.plain(`file is used by ${scratch.slot()}, not nvme1`),
    'file is used by the scratch object, not nvme1',
  );
});
