import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HELP, readArgs } from './args.ts';

const HOST = ['--host', 'rds', '--user', 'csi', '--key', 'k', '--host-keys', 'h', '--pool', 'spare'];

test('an image, a device, the stand-in and a report are told apart', () => {
  const chr = readArgs(['--chr', 'chr-7.24.5.img']);
  assert.deepEqual(chr, {
    mode: 'chr',
    image: 'chr-7.24.5.img',
    package: undefined,
    online: false,
    accelerator: undefined,
    only: [],
    out: undefined,
  });
  const host = readArgs(HOST);
  assert.ok(host.mode === 'host' && host.nvme === 'rds' && host.port === 22 && !host.yes);
  assert.deepEqual(readArgs(['--stand-in', '--only', 'doctor', '--only', 'benchmark', '--out', 'x']), {
    mode: 'stand-in',
    only: ['doctor', 'benchmark'],
    out: 'x',
  });
  assert.deepEqual(readArgs(['--apply', 'report']), { mode: 'apply', report: 'report' });
  assert.deepEqual(readArgs(['--help']), { mode: 'help' });
});

test('what does not fit together, or is missing, is named', () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /give one of/],
    [['--chr', 'x', '--stand-in'], /give one of/],
    [['--host', 'rds'], /--host needs --user/],
    [['--chr', 'x', '--yes'], /--yes does not go with --chr/],
    [['--apply', 'x', '--only', 'doctor'], /--only does not go with --apply/],
    [['--chr', 'x', '--accelerator', 'hvf'], /kvm or tcg/],
    [[...HOST, '--port', 'ssh'], /--port is a number/],
    [['--frobnicate'], /frobnicate/],
  ];
  for (const [argv, message] of cases) assert.throws(() => readArgs(argv), message, argv.join(' '));
});

test('no line of the help is longer than a terminal is wide', () => {
  for (const line of HELP.split('\n')) assert.ok(line.length <= 80, line);
});
