import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { FactoryConsole, type Question } from './guest/factory-console.ts';
import { DISK_BYTES } from './machine.ts';
import { emptyDisks, enableStorage, followGuide } from './setup.ts';
import { Terminal } from './terminal.ts';

const NOWHERE = { file: undefined, online: false, sshPort: 1, password: 'x' };
const VALUES = { disk: 'disk7', network: '10.0.2.0/24', password: 'a long one' };

/** A terminal that is logged in to a device which answers so. */
async function terminalOf(run: (line: string) => string | Question): Promise<Terminal> {
  const [toDevice, fromDevice] = [new PassThrough(), new PassThrough()];
  void new FactoryConsole(toDevice, (text) => fromDevice.write(text), { run: async (line) => run(line) }).serve();
  const login = { user: 'admin', password: '', newPassword: 'long-secret' };
  const terminal = new Terminal(fromDevice, toDevice, { login, quietMs: 5_000, timeoutMs: 10_000 });
  await terminal.ready();
  return terminal;
}

const rows = (...all: object[]) => `ROSE<${JSON.stringify(all)}>ESOR`;

test('a storage package that is disabled is enabled, with the restart that this takes', async () => {
  let disabled = true;
  const typed: string[] = [];
  const terminal = await terminalOf((line) => {
    typed.push(line.slice(0, 40));
    if (line.startsWith(':put')) return rows({ name: 'routeros' }, { name: 'rose-storage', disabled });
    if (line !== '/system/package/apply-changes') return '';
    const yes = async () => {
      disabled = false;
      return 'restart' as const;
    };
    return { asks: 'Apply scheduled changes and reboot device? [y/N]: ', yes };
  });
  await enableStorage(terminal, NOWHERE);
  await enableStorage(terminal, NOWHERE);
  assert.equal(typed.filter((line) => line.startsWith('/system')).length, 2);
  assert.equal(disabled, false);
});

test('an image without the storage package ends with what the user can do', async () => {
  const terminal = await terminalOf(() => rows({ name: 'routeros', disabled: false }));
  await assert.rejects(enableStorage(terminal, NOWHERE), /give --package rose-storage-VERSION\.npk, .* or --online/);
});

test('a command of the guide that the device refuses ends it with the command and the answer', async () => {
  const terminal = await terminalOf((line) => (line.startsWith('/user/group/add') ? 'bad parameter policy' : ''));
  await assert.rejects(
    followGuide(terminal, VALUES),
    /^Error: the device says to \/user\/group\/add name=csi policy=ssh,read,write,test: bad parameter policy$/,
  );
});

test('the empty disks are told from others by their size, and a line that the console breaks is put together', async () => {
  const others = [{ slot: 'virtio1', size: 134_217_728 }, { slot: 'usb1' }];
  const empty = [
    { slot: 'virtio2', size: DISK_BYTES },
    { slot: 'virtio3', size: String(DISK_BYTES) },
  ];
  const terminal = await terminalOf(() => rows(...others, ...empty).replace('virtio2', 'vir\r\ntio2'));
  assert.deepEqual(await emptyDisks(terminal), ['virtio2', 'virtio3']);
  const none = await terminalOf(() => rows(...others));
  await assert.rejects(emptyDisks(none), /no empty disks of 17179869184 bytes are there/);
});
