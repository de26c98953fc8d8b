import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { commandsFor } from './commands.ts';

const ID = 'rds1:pvc-7a0f3c52-9d1e-4a6b-8c2f-0e5d4b3a2c1f';

test('a volume with a claim leads to its chain, to Kubernetes and to its lineage', () => {
  const row = { kind: 'volume', id: ID, level: 0, namespace: 'apps', name: 'data' } as const;
  assert.deepEqual(
    commandsFor(row, 'my config.yaml').map(({ text }) => text),
    [
      "rose-csi why pvc/data -n apps --config 'my config.yaml'",
      'kubectl describe persistentvolumeclaim data -n apps',
      `rose-csi snapshots ls --config 'my config.yaml' --volume ${ID}`,
    ],
  );
});

test('an orphan can be adopted or deleted, and what is gone only be looked at', () => {
  const orphan = commandsFor({ kind: 'snapshot', id: ID, level: 0, orphan: true }, 'c.yaml').map(({ text }) => text);
  assert.deepEqual(orphan.slice(1), [
    `rose-csi orphans adopt --config c.yaml ${ID}`,
    `rose-csi orphans delete --config c.yaml ${ID}`,
  ]);
  assert.equal(commandsFor({ kind: 'gone', id: ID, level: 0, namespace: 'a', name: 'b' }, 'c.yaml').length, 1);
});

test('whatever a claim is called, a shell takes its command as the words that are meant', () => {
  const text = fc
    .string({ minLength: 1, unit: 'binary' })
    .filter((name) => !name.includes('\0') && name.isWellFormed());
  fc.assert(
    fc.property(text, text, (namespace, name) => {
      const [, describe] = commandsFor({ kind: 'volume', id: ID, level: 0, namespace, name }, 'c.yaml');
      const script = `kubectl() { printf '%s\\0' "$@"; }\n${describe?.text ?? ''}`;
      const words = execFileSync('sh', ['-c', script]).toString('utf8').split('\0');
      assert.deepEqual(words, ['describe', 'persistentvolumeclaim', name, '-n', namespace, '']);
    }),
    { numRuns: 40 },
  );
});
