import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backend, minimal, said } from './config.fixture.ts';

const RULE = 'a host name or an address';
const NO_ADDRESS = 'no address: neither IPv4 nor IPv6';

/** What is said of each, with PORT for the key of the port. */
const WRONG: Readonly<Record<string, string>> = {
  '192.0.2.1:2222': `${RULE} without a port, which belongs into PORT`,
  'rds1.lan:22': `${RULE} without a port, which belongs into PORT`,
  '[2001:db8::1]:22': `${RULE}, without brackets; a port belongs into PORT`,
  '[2001:db8::1]': `${RULE}, without brackets; a port belongs into PORT`,
  'ssh://192.0.2.1': `${RULE}, not a URL`,
  'https://rds1.lan/webfig': `${RULE}, not a URL`,
  'csi@192.0.2.1': `${RULE} without a user, which belongs into ssh.user`,
  'rds1 lan': `${RULE}, without blanks`,
  '192.0.2.1 ': `${RULE}, without blanks`,
  ...Object.fromEntries(
    ['', '-x', '...', '.', 'a..b', 'rds1-', '192.0.2.1/24', 'rds_1', '::g::'].map((text) => [text, RULE]),
  ),
  ...Object.fromEntries(
    ['$HOST', `$${'{HOST}'}`, '$(HOST)', '{{ host }}', '<address>'].map((text) => [
      text,
      `${text} is still to be replaced: nothing is substituted in this file`,
    ]),
  ),
  ...Object.fromEntries(['192.0.2.256', '192.0.2', '1:2:3', '12345'].map((text) => [text, NO_ADDRESS])),
};

const PLACES: readonly (readonly [key: string, port: string, document: (text: string) => object])[] = [
  ['backends[rds1].ssh.host', 'ssh.port', (host) => ({ backends: [{ ...backend, ssh: { ...backend.ssh, host } }] })],
  ['backends[rds1].nvme.address', 'nvme.port', (address) => ({ backends: [{ ...backend, nvme: { address } }] })],
  ['metrics.address', 'metrics.port', (address) => ({ metrics: { port: 1, address } })],
];

for (const [key, port, document] of PLACES) {
  test(`${key} with a port, a user or a flag in it was accepted, and nothing could be connected`, () => {
    for (const [text, words] of Object.entries(WRONG)) {
      const expected = `f has 1 problem:\n  ${key}: ${words.replace('PORT', port)}`;
      assert.equal(said({ ...minimal, ...document(text) }), expected, text);
    }
  });

  test(`${key} is a name or an address`, () => {
    for (const text of ['rds1', 'RDS1.lan.', '10gbe.lan', '192.0.2.1', '2001:db8::1', '::ffff:192.0.2.1', 'x1', '::']) {
      assert.equal(said({ ...minimal, ...document(text) }), 'nothing', text);
    }
  });
}
