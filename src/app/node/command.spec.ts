import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCommand } from './command.ts';

const NEEDED = ['--endpoint', 'unix:///csi.sock', '--node-name', 'n', '--cluster-id', 'c'];

/** What the command reads from its flags. */
function optionsOf(...flags: readonly string[]): Readonly<Record<string, unknown>> {
  const command = nodeCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.action(() => undefined).parse([...NEEDED, ...flags], { from: 'user' });
  return command.opts();
}

const networksOf = (...flags: readonly string[]) => optionsOf(...flags)['networks'];

test('a node reaches the networks that it is given, by default the one of backends that name none', () => {
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
      message: new RegExp(`"${wrong}" is not the name of a network: lower-case letters, digits and dashes, at most 50`),
    });
  }
});

test('a node that was left with the id of an example served under it', () => {
  const idOf = (id: string) => optionsOf('--cluster-id', id)['clusterId'];
  assert.throws(() => idOf('REPLACE-with-the-uid-of-the-namespace-kube-system'), /cluster-id.*still to be replaced/);
  assert.equal(idOf('2f1c0b1e-7d5e-4f0c-9f39-6f6a1f0c9a11'), '2f1c0b1e-7d5e-4f0c-9f39-6f6a1f0c9a11');
});

test('nothing is trimmed unless an interval is given, of no more hours than a timer can be long', () => {
  const hoursOf = (...flags: readonly string[]) => optionsOf(...flags)['trimInterval'];
  assert.deepEqual([hoursOf(), hoursOf('--trim-interval', '0'), hoursOf('--trim-interval=168')], [0, 0, 168]);
  assert.throws(() => hoursOf('--trim-interval', '577'), /at most 576, which is 24 days/);
  assert.throws(() => hoursOf('--trim-interval', '1w'), /whole number/);
});
