import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { Terminal } from '../terminal.ts';
import { FactoryConsole } from './factory-console.ts';

test('the terminal gets through the console of the stand-in: first login, commands, a question, a restart', async () => {
  const [toDevice, fromDevice] = [new PassThrough(), new PassThrough()];
  const seen: string[] = [];
  const device = new FactoryConsole(toDevice, (text) => fromDevice.write(text), {
    run: async (line) => {
      seen.push(line);
      if (line !== '/system/reboot') return line === '/user/print' ? '0 admin\r\n1 csi\r\n' : '';
      return { asks: 'Reboot, yes? [y/N]: ', yes: async () => 'restart' as const };
    },
  });
  void device.serve();
  const login = { user: 'admin', password: '', newPassword: 'long-secret' };
  const terminal = new Terminal(fromDevice, toDevice, { login, quietMs: 1_000, timeoutMs: 10_000 });
  await terminal.ready();
  assert.equal(await terminal.run('/user/print'), '0 admin\n1 csi');
  assert.equal(await terminal.run('/user/add name=csi'), '');
  await terminal.restart('/system/reboot');
  assert.equal(await terminal.run('/user/print'), '0 admin\n1 csi');
  assert.deepEqual(seen, ['/user/print', '/user/add name=csi', '/system/reboot', '/user/print']);
  assert.equal(terminal.transcript.split('see the software license?').length, 2, 'the licence is asked once');
  assert.doesNotMatch(terminal.transcript, /long-secret/);
});
