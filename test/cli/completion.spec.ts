import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasProgram } from '../support/capability.ts';
import { inShell, roseCsi } from '../support/terminal.ts';

/** What is typed, and words that are offered and that are not. Typed words end with the one that is being completed. */
const CASES: readonly (readonly [typed: readonly string[], offered: readonly string[], not: readonly string[]])[] = [
  [['do'], ['doctor'], ['node', 'report']],
  [[''], ['controller', 'node', 'doctor', 'orphans', 'snapshots', 'why', 'simulate', 'completion'], ['report']],
  [['orphans', 'r'], ['report'], ['delete']],
  [
    ['orphans', 'delete', '--co'],
    ['--config', '--context', '--copy-of'],
    ['--yes', '--report'],
  ],
  [['snapshots', 'ls', '--config', 'x.yaml', '--vo'], ['--volume'], ['--json']],
  [['simulate', '--backend', 'b'], ['btrfs'], ['files', '--backend']],
  [['completion', 'f'], ['fish'], ['bash']],
  [['help', 'do'], ['doctor'], ['--version']],
  [['simulate', '--quirk', 'growth'], ['growth-refused'], ['--quirk']],
  [['doctor', '--check', 'p'], ['pools'], ['--pool', 'latency']],
];

/** `--flag=value`, as bash and zsh hand it over. */
const WITH_SIGN = [
  [
    ['node', '--log-level', '=', 'd'],
    ['node', '--log-level=d'],
  ],
  [
    ['node', '--log-level', '='],
    ['node', '--log-level='],
  ],
] as const;

async function scriptFor(
  t: TestContext,
  shell: string,
): Promise<{ readonly directory: string; readonly script: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-completion-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const script = join(directory, 'completion');
  await writeFile(script, (await roseCsi(['completion', shell])).stdout);
  await writeFile(join(directory, 'rose.yaml'), '');
  return { directory, script };
}

function check(typed: readonly string[], words: readonly string[], offered: readonly string[], not: readonly string[]) {
  const said = `${typed.join(' ')}: ${words.join(' ')}`;
  for (const word of offered) assert.ok(words.includes(word), `${word} is not offered for ${said}`);
  for (const word of not) assert.ok(!words.includes(word), `${word} is offered for ${said}`);
}

const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(' ');

test('bash completes commands, flags and their values, and leaves files to itself', async (t) => {
  if (!hasProgram(t, 'bash')) return;
  const { script } = await scriptFor(t, 'bash');
  const complete = async (typed: readonly string[]) => {
    const words = `COMP_WORDS=(rose-csi ${quoted(typed)}); COMP_CWORD=${typed.length}; _rose_csi`;
    const { stdout, stderr } = await inShell(`source ${script}; ${words}; printf '%s\\n' "\${COMPREPLY[@]}"`);
    assert.equal(stderr, '');
    return stdout.trim().split('\n');
  };
  for (const [typed, offered, not] of CASES) check(typed, await complete(typed), offered, not);
  for (const [typed] of WITH_SIGN) check(typed, await complete(typed), ['debug'], ['--help', 'loop']);
  assert.deepEqual(await complete(['doctor', '--config', 'ro']), [''], 'with `-o default`, nothing means files');
  assert.match((await inShell(`source ${script}; complete -p rose-csi`)).stdout, /-o default -F _rose_csi rose-csi/);
});

test('zsh completes commands, flags and their values, and files where they belong', async (t) => {
  if (!hasProgram(t, 'zsh')) return;
  const { script } = await scriptFor(t, 'zsh');
  // The completion system itself needs a terminal; what it is given does not.
  const stubs = `compdef() { :; }; compset() { words[CURRENT]=\${words[CURRENT]#*=}; }; compadd() { shift; print -l -- "$@"; }; _files() { print FILES; }
    _describe() { print -l -- "\${(@)known%%:*}"; }`;
  const complete = async (typed: readonly string[], prefix = typed.at(-1) ?? '') => {
    const words = `words=(rose-csi ${quoted(typed)}); CURRENT=${typed.length + 1}; _rose-csi`;
    await writeFile(`${script}.test`, `${stubs}\nsource ${script}\n${words}\n`);
    const { stdout, stderr } = await inShell(`zsh -f ${script}.test`);
    assert.equal(stderr, '');
    return stdout
      .trim()
      .split('\n')
      .filter((word) => word.startsWith(prefix) || word === 'FILES');
  };
  for (const [typed, offered, not] of CASES) check(typed, await complete(typed), offered, not);
  for (const [, typed] of WITH_SIGN) {
    const [, equals = ''] = typed;
    const words = await complete(typed, equals.replace(/^.*=/, ''));
    check(typed, words, ['debug'], ['--help', 'loop']);
  }
  assert.deepEqual(await complete(['doctor', '--config', 'ro']), ['FILES']);
});

test('fish completes commands, flags and their values, and files where they belong', async (t) => {
  if (!hasProgram(t, 'fish')) return;
  const { directory, script } = await scriptFor(t, 'fish');
  const complete = async (typed: readonly string[]) => {
    const env = { HOME: directory, XDG_CONFIG_HOME: directory, XDG_DATA_HOME: directory };
    const line = `cd ${directory}; fish -c "source ${script}; complete -C 'rose-csi ${typed.join(' ')}'"`;
    const { stdout, stderr } = await inShell(line, { env });
    assert.equal(stderr, '');
    return stdout
      .trim()
      .split('\n')
      .map((word) => word.split('\t')[0] ?? '');
  };
  for (const [typed, offered, not] of CASES) check(typed, await complete(typed), offered, not);
  assert.deepEqual(await complete(['doctor', '--config', 'ro']), ['rose.yaml']);
});

test('fish showed "Find" and "Say why a claim", cut off at the first comma', async (t) => {
  if (!hasProgram(t, 'fish')) return;
  const { directory, script } = await scriptFor(t, 'fish');
  const { stdout } = await inShell(`fish -c "source ${script}; complete -C 'rose-csi '"`, {
    env: { HOME: directory, XDG_CONFIG_HOME: directory, XDG_DATA_HOME: directory },
  });
  assert.match(stdout, /^why\tSay why a claim, volume or snapshot is stuck, and what to do next$/m);
  assert.match(stdout, /^orphans\tFind, adopt or delete what the backends hold/m);
});
