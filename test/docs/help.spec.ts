import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CLI_PAGE, cliReference, commandsOf, helpOf } from '../../scripts/cli-reference.ts';
import { program } from '../../src/program.ts';

for (const { path, command } of commandsOf(program(), '')) {
  test(`the help of ${path} fits a terminal`, () => {
    const help = helpOf(command);
    assert.ok(help.startsWith(`Usage: ${path} `), help);
    assert.deepEqual(
      help.split('\n').filter((line) => line.length > 80),
      [],
    );
  });
}

test('docs/cli.md is what the commands say of themselves', () => {
  assert.equal(readFileSync(CLI_PAGE, 'utf8'), cliReference(), 'run node scripts/cli-reference.ts');
});
