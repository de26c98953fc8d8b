import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Script } from '../routeros/index.ts';
import { readStringLiteral } from '../routeros/routeros-text.fixture.ts';
import {
  ENTRIES_AT,
  ENTRY_BYTES,
  entryUpToToken,
  freshRecord,
  HEADER,
  MAX_SHARED_NODES,
  readRecord,
  TOKEN_AT,
} from './record.ts';
import { hostId } from './refs.ts';

const token = fc.stringMatching(/^[0-9a-f]{8}$/);
const publications = fc.record(
  {
    hostId: fc
      .uuid()
      .map(hostId)
      .filter((id) => id !== undefined),
    mode: fc.constantFrom('w', 'r', 's'),
    token,
  },
  { noNullPrototype: true },
);

/** A record as the RDS puts it together, in an exec with this nonce. */
function onTheRds(script: Script): string {
  const parts =
    script.text
      .slice(1, -1)
      .replace('[:pick $xN 0 8]', '"0123abcd"')
      .match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  return parts.map((part) => readStringLiteral(part).toString('utf8')).join('');
}

test('entries that scripts insert behind the generation are read back, whatever the words are', () => {
  fc.assert(
    fc.property(fc.array(publications, { maxLength: MAX_SHARED_NODES }), fc.string(), (nodes, words) => {
      const fresh = onTheRds(freshRecord(words));
      const { generation, publications: none } = readRecord(fresh);
      assert.match(generation, /^[0-9a-f]{8}$/);
      assert.deepEqual(none, []);
      const entries = nodes.map((node) => `${entryUpToToken(node)}${node.token} `);
      const comment = fresh.slice(0, ENTRIES_AT) + entries.join('') + fresh.slice(ENTRIES_AT);
      assert.deepEqual(readRecord(comment), { generation, publications: nodes });
      assert.ok(entries.every((entry) => entry.length === ENTRY_BYTES));
      assert.ok(nodes.every((node) => entryUpToToken(node).length === TOKEN_AT));
      assert.match(comment, /^[ -~]{1,200}$/, 'ASCII and at most 200 bytes (U16)');
    }),
  );
});

test('a comment that someone wrote, or an older record, names no nodes', () => {
  const entry = '0f3c7a52-0000-4000-8000-000000000001:w:0123abcd';
  for (const comment of [
    '',
    'backup disk',
    'rose:2 x',
    `x ${HEADER}`,
    `rose-csi:1 ${entry} | x`,
    `${HEADER}${entry} |`,
  ]) {
    assert.deepEqual(readRecord(comment), { generation: '', publications: [] });
  }
});
