import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CLI_PAGE, cliReference, commandsOf, helpOf } from '../../scripts/cli-reference.ts';
import { program } from '../../src/program.ts';
import { blocks } from './pages.ts';

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

test('commands of the program in the documentation exist, with their flags', () => {
  const known = new Map(commandsOf(program(), '').map(({ path, command }) => [path, command]));
  const names = program().commands.map((command) => command.name());
  const pattern = new RegExp(`\\brose-csi (?:-- )?((?:${names.join('|')}) [^|>#\\n]*)`, 'g');
  let calls = 0;
  for (const { page, text } of ['sh', 'console'].flatMap(blocks).filter((block) => block.page !== 'docs/cli.md')) {
    for (const [, call = ''] of text.replaceAll(/\\\n\s*/g, ' ').matchAll(pattern)) {
      const words = call.trim().split(/\s+/);
      const command = known.get(`rose-csi ${words[0]} ${words[1]}`) ?? known.get(`rose-csi ${words[0]}`);
      const flags = ['--help', ...(command?.options.map(({ long }) => long) ?? [])];
      const used = words.map((word) => word.replace(/=.*/, '')).filter((word) => word.startsWith('--'));
      for (const flag of used) assert.ok(flags.includes(flag), `${page}: ${call}: there is no ${flag}`);
      calls += 1;
    }
  }
  assert.ok(calls > 20, `${calls} calls`);
});
