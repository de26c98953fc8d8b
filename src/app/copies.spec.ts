import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { InventoryCopy } from '../storage/copies.ts';
import { copiesJson, inItsPlace, printCopies } from './copies.ts';

const SECONDS = 1_790_000_000n;
const NOW = Number(SECONDS) * 1_000 + 3 * 86_400_000;

function copy(kind: InventoryCopy['kind'], facts: Partial<InventoryCopy> = {}): InventoryCopy {
  const uuid = '00000000-0000-4000-8000-000000000001';
  return {
    kind,
    of: `rds1:snap-${uuid}`,
    source: `rds1:pvc-${uuid}`,
    createdAtSeconds: SECONDS,
    backend: 'rds1',
    pool: 'cold',
    subvolume: `snap-${uuid}-x`,
    uuid: uuid.replace('8', '9'),
    ...facts,
  };
}

const half = copy('half-received', { backend: 'rds2', pool: 'a.b' });
const all = [copy('copy'), half, copy('nested', { createdAtSeconds: undefined }), copy('undecided')];
const REMOVAL =
  '  /disk/btrfs/subvolume/remove [find where fs="a.b" and uuid="00000000-0000-4000-9000-000000000001" and !(read-only=yes and received-uuid~"[1-9a-f]")]';

test('each is reported as what it is, with what to do', () => {
  const id = copy('copy').of;
  const text = printCopies(all, { now: NOW, width: 80 });
  assert.deepEqual(text.split('\n').slice(0, 6), [
    '',
    'Named like volumes and snapshots, and none of them:',
    `  received copy  ${id}  rds1/cold  3d`,
    `  half-received  ${id}  rds2/a.b   3d`,
    `  nested         ${id}  rds1/cold`,
    `  undecided      ${id}  rds1/cold  3d`,
  ]);
  assert.ok(text.includes(`remove it on its RDS:\n  # rds2\n${REMOVAL}\n`), text);
  assert.match(text, /docs\/guides\/backup\.md.*docs\/guides\/troubleshooting\.md/s);
});

test('only what is there is explained, and nothing at all says nothing', () => {
  assert.equal(printCopies([], { now: NOW, width: 80 }), '');
  assert.doesNotMatch(printCopies([copy('copy')], { now: NOW, width: 80 }), /half-received|remove/);
});

test('no line is longer than the terminal is wide, but for commands, which are whole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 80, max: 200 }), (width) => {
      const lines = printCopies(all, { now: NOW, width }).split('\n');
      assert.ok(lines.includes(REMOVAL));
      // A path is not broken either, so that it can be copied.
      const long = lines.filter((line) => line.length > width && line !== REMOVAL && line.includes(' '));
      assert.deepEqual(long, []);
    }),
  );
});

test('of what shows no uuid no command is printed: it could remove something else', () => {
  assert.doesNotMatch(printCopies([{ ...half, uuid: '' }], { now: NOW, width: 80 }), /remove \[/);
});

test('for programs each has its facts, and what is not known is left out', () => {
  const { createdAtSeconds: _, ...rest } = half;
  const [one, other] = copiesJson([half, copy('nested', { source: undefined, createdAtSeconds: undefined })]);
  assert.deepEqual(one, { ...rest, createdAt: new Date(Number(SECONDS) * 1_000).toISOString() });
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(other))), [
    'kind',
    'of',
    'backend',
    'pool',
    'subvolume',
    'uuid',
  ]);
});

test('of an object that is gone, what has its name is reported', () => {
  assert.equal(inItsPlace('rds1:snap-x', all), '');
  assert.match(inItsPlace(half.of, [half]), /^; only what is no object .* half-received on rds2\/a\.b$/);
});
