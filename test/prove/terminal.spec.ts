import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { plain, reactionTo, terminalAnswers, unknownQuestion } from './first-login.ts';
import { Terminal } from './terminal.ts';

const LOGIN = { user: 'admin', password: '', newPassword: 'long-secret' };
const PROMPT = '\r\n[admin@CHR] > ';

/** A device that prints the next of these lines whenever something was typed, the first one at once. */
function device(prints: readonly string[], options = {}) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const typed: string[] = [];
  const rest = [...prints];
  const next = () => input.write(rest.shift() ?? '');
  output.setEncoding('utf8').on('data', (text: string) => {
    if (text.startsWith('\x1b')) return;
    typed.push(text);
    next();
  });
  next();
  const terminal = new Terminal(input, output, { login: LOGIN, quietMs: 20, timeoutMs: 5_000, ...options });
  return { terminal, typed, input };
}

test('the first login of a new CHR: account, empty password, license, a new password twice', async () => {
  const { terminal, typed } = device([
    'Starting...\r\nMikroTik 7.24.5\r\nCHR Login: ',
    'admin\r\nPassword: ',
    '\r\n  MMM      MMM\r\n\r\nDo you want to see the software license? [Y/n]: ',
    'n\r\n\r\nPress F1 for help\r\n\r\nChange your password (Ctrl-C to skip)\r\n\r\nnew password> ',
    '***********\r\nrepeat new password> ',
    `***********\r\n\r\nPassword changed${PROMPT}`,
  ]);
  await terminal.ready();
  assert.deepEqual(typed, ['admin+cet1024w\r', '\r', 'n\r', 'long-secret\r', 'long-secret\r']);
  assert.doesNotMatch(terminal.transcript, /long-secret/);
});

test('a command gives what it printed, without its echo and the prompt, however often it is drawn', async () => {
  const echo = '\x1b[K/user/print\r\x1b[9999B[admin@CHR] > /user/print\r\n';
  const { terminal } = device([
    `x${PROMPT}`,
    `${echo}0 admin\r\n1 csi\r\n${PROMPT}`,
    `/system/identity/print${PROMPT}`,
  ]);
  await terminal.ready();
  assert.equal(await terminal.run('/user/print'), '0 admin\n1 csi');
  assert.equal(await terminal.run('/system/identity/print'), '');
});

test('a prompt that is drawn again before the command is not taken for its end', async () => {
  const { terminal, input } = device([PROMPT, PROMPT]);
  await terminal.ready();
  const printed = terminal.run('/user/print');
  input.write('/user/print\r\n0 admin\r\n');
  input.write(PROMPT);
  assert.equal(await printed, '0 admin');
});

test('what is asked before something is erased is answered with yes', async () => {
  const { terminal, typed } = device([PROMPT, '/disk/format disk1\r\nerase all? [y/N]: ', `y\r\n100%${PROMPT}`]);
  await terminal.ready();
  assert.equal(await terminal.run('/disk/format disk1'), 'y\n100%');
  assert.deepEqual(typed, ['/disk/format disk1\r', 'y\r']);
});

test('after a restart it logs in with the password that it set', async () => {
  const { terminal, typed } = device([
    'CHR Login: ',
    'Password: ',
    'new password> ',
    'repeat new password> ',
    PROMPT,
    'Reboot, yes? [y/N]: ',
    'y\r\nsystem will reboot shortly\r\nRebooting...\r\nCHR Login: ',
    'Password: ',
    PROMPT,
  ]);
  await terminal.ready();
  await terminal.restart('/system/reboot');
  assert.deepEqual(typed.slice(-4), ['/system/reboot\r', 'y\r', 'admin+cet1024w\r', 'long-secret\r']);
});

test('a name that was typed and lost is typed again', async () => {
  const { terminal, typed } = device(['CHR Login: ', '', 'CHR Login: ', `admin\r\nPassword: `, PROMPT]);
  await terminal.ready();
  assert.deepEqual(typed, ['admin+cet1024w\r', '\r', 'admin+cet1024w\r', '\r']);
});

test('a question that is not known ends with its text, not in a time-out', async () => {
  const { terminal } = device(['CHR Login: ', 'Password: ', '\r\nEnter your favourite colour: '], {
    timeoutMs: 600_000,
  });
  await assert.rejects(terminal.ready(), /asks what is not known here: "Enter your favourite colour:"\nit shows:\n/);
});

test('a device that refuses the login or the new password says so in the error', async () => {
  for (const said of ['Login failed, incorrect username or password', 'Try again, error: New password is too short']) {
    const { terminal } = device(['CHR Login: ', 'Password: ', `\r\n${said}\r\n\r\nCHR Login: `]);
    await assert.rejects(terminal.ready(), new RegExp(`the device says: ${said}`));
  }
});

test('a machine that ends, or never gets to a prompt, shows what it printed last', async () => {
  const ending = device(['Kernel panic\r\n']);
  ending.input.end();
  await assert.rejects(ending.terminal.ready(), /the machine ended\nit shows:\nKernel panic/);
  const silent = device(['Loading system with initrd\r\n'], { timeoutMs: 60 });
  await assert.rejects(silent.terminal.ready(), /no prompt within 0.06 s\nit shows:\nLoading system with initrd/);
});

test('the terminal answers what it is asked about itself, and shows none of it', () => {
  assert.equal(terminalAnswers('a\x1bZb\x1b[6n\x1b[6n'), '\x1b/Z\x1b[1;1R\x1b[1;1R');
  assert.equal(plain('\x1b[9999B\x1b[6na\x1bZb\r\n\x1b[?25h'), 'ab\n');
});

test('text of a boot is no question, and a prompt within it is not taken for the last one', () => {
  assert.deepEqual(reactionTo('Login: admin\nStarting', LOGIN), { kind: 'wait' });
  assert.equal(unknownQuestion('Starting services\n'), undefined);
  assert.equal(unknownQuestion('value: '), 'value:');
  assert.equal(unknownQuestion('Enter colour?  '), 'Enter colour?');
});
