import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCommand } from './command.ts';

const NEEDED = ['--endpoint', 'unix:///csi.sock', '--node-name', 'n', '--cluster-id', 'c'];

/** The networks that the command reads from its flags. */
function networksOf(...flags: readonly string[]): unknown {
  const command = nodeCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.action(() => undefined).parse([...NEEDED, ...flags], { from: 'user' });
  return command.opts()['networks'];
}

test('a node reaches the networks that it is told, by default the one of backends that name none', () => {
  assert.deepEqual(networksOf(), ['default']);
  assert.deepEqual(networksOf('--networks', 'rack-1'), ['rack-1']);
  assert.deepEqual(networksOf('--networks=rack-1, rack-2'), ['rack-1', 'rack-2']);
});

test('a name that no backend can have is refused, with the rule', () => {
  for (const [text, wrong] of [
    ['Rack', 'Rack'],
    ['a,,b', ''],
    ['a,b_c', 'b_c'],
  ] as const) {
    assert.throws(() => networksOf('--networks', text), {
      message: new RegExp(`"${wrong}" is no name of a network: lower-case letters, digits and dashes, at most 50`),
    });
  }
});
