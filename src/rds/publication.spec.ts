import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ENTRY_BYTES,
  entryUpToToken,
  freshComment,
  HEADER,
  MAX_SHARED_NODES,
  publicationsOf,
  TOKEN_AT,
} from './publication.ts';

const token = fc.stringMatching(/^[0-9a-f]{8}$/);
const publications = fc.record(
  { hostId: fc.uuid(), mode: fc.constantFrom('w', 'r', 's'), token },
  { noNullPrototype: true },
);

test('entries that scripts insert behind the header are read back, whatever the words are', () => {
  fc.assert(
    fc.property(fc.array(publications, { maxLength: MAX_SHARED_NODES }), fc.string(), (nodes, words) => {
      const fresh = freshComment(words);
      assert.deepEqual(publicationsOf(fresh), []);
      const entries = nodes.map((node) => `${entryUpToToken(node)}${node.token} `);
      const comment = HEADER + entries.join('') + fresh.slice(HEADER.length);
      assert.deepEqual(publicationsOf(comment), nodes);
      assert.ok(entries.every((entry) => entry.length === ENTRY_BYTES));
      assert.ok(nodes.every((node) => entryUpToToken(node).length === TOKEN_AT));
      assert.match(comment, /^[ -~]{1,200}$/, 'ASCII and at most 200 bytes (U16)');
    }),
  );
});

test('a comment that a person wrote names no nodes', () => {
  for (const comment of ['', 'backup disk', 'rose-csi:2 x', `x ${HEADER}`]) {
    assert.deepEqual(publicationsOf(comment), []);
  }
});
