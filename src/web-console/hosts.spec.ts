import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFromElsewhere, isHostAllowed } from './hosts.ts';

test('localhost and addresses are let in on any port, and names that are allowed', () => {
  const own = ['localhost', 'localhost:8080', 'LOCALHOST:1', '127.0.0.1:40123', '[::1]:8080', '[::1]', '192.0.2.7:80'];
  for (const host of own) {
    assert.ok(isHostAllowed(host, []), host);
  }
  assert.ok(isHostAllowed('Storage.example.net', ['storage.example.NET']));
  assert.ok(isHostAllowed('storage.example.net:443', ['storage.example.net']));
});

test('a name of a stranger that was made to lead here is refused, and so is none', () => {
  const strangers = [
    'evil.example',
    '1.2.3',
    '127.0.0.1x',
    '[evil]',
    '0x7f.1',
    'localhost.evil.example',
    '127.0.0.1.evil.example:80',
    'storage.example.net.',
    '',
  ];
  for (const host of [...strangers, undefined]) assert.ok(!isHostAllowed(host, ['storage.example.net']), host);
});

test('only a page of someone else is from elsewhere', () => {
  for (const site of [undefined, 'none', 'same-origin']) assert.ok(!isFromElsewhere(site));
  for (const site of ['cross-site', 'same-site', 'x']) assert.ok(isFromElsewhere(site));
});
