import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import builtins from './console/builtins.json' with { type: 'json' };
import { Console } from './console/console.ts';
import { signatures } from './console/signatures.ts';
import { openDevice } from './device/device.testing.ts';
import schema from './device/schema.json' with { type: 'json' };
import { UNSIMULATED } from './device/schema.ts';

async function consoleFor(t: TestContext): Promise<(line: string) => Promise<string>> {
  const device = await openDevice(t);
  const console = new Console(device.device.menus);
  return async (line) => {
    let text = '';
    await console.run(line, (part) => {
      text += part;
    });
    return text;
  };
}

test('words that RouterOS has were refused as if it did not know them; the simulator says that it is the one', async (t) => {
  const run = await consoleFor(t);
  const lines = [
    ...UNSIMULATED.map((path) => `${path}/print`),
    ...Object.keys(builtins).flatMap((name) => (signatures.has(name) ? [] : [`:${name}`])),
    ...['stats', 'follow', 'value-list', 'interval=1', 'group-by=x', 'file=x'].map((word) => `/disk/print ${word}`),
    '/disk/get nvme1 as-string',
    '/disk/set nvme1 slot=x',
    '/disk/format nvme1',
    '/disk/add type=tmpfs',
    ':foreach xI in=1 do={} on-error={}',
    ':put [:serialize to=dsv value=1]',
    'put 1',
    'disk print',
    'ip ssh print',
  ];
  for (const line of lines) assert.match(await run(line), /the simulator does not carry out /, line);
});

test('a menu that is lacking parses, as it does on the device, and only fails when it runs', async (t) => {
  const run = await consoleFor(t);
  const words = 'action failed (6): the simulator does not carry out /ip/ssh';
  assert.equal(
    await run(':put a; /ip/ssh/set name="x;y\\"" group=[/ip/ssh find where (name="b")]; :put never'),
    `a\r\n${words}\r\n`,
  );
  assert.equal(
    await run(':onerror e in={/ip/ssh print} do={:put "caught $e"}'),
    'caught action failed (6): the simulator does not carry out /ip/ssh\r\n',
  );
  assert.equal(await run(':put [:parse "/ip/ssh/print"]'), '(evl /ip/ssh)\r\n');
  assert.equal(await run(':if (true) do={ /ip/ssh/print }; :put never'), `${words}\r\n`);
});

test('words that RouterOS has not are refused as RouterOS does', async (t) => {
  const run = await consoleFor(t);
  for (const [line, words] of [
    ['/nope/print', /^bad command name nope/],
    ['/ip/nope/print', /^bad command name nope/],
    [':nope', /^bad command name nope/],
    ['/disk/print nope=1', /^bad parameter nope/],
    [':put nope=1', /^bad parameter nope/],
    ['/disk/add type=nope', /^input does not match any value of type/],
  ] as const) {
    assert.match(await run(line), words, line);
  }
});

test('every menu that is carried out is in the schema, and none that is not', () => {
  for (const path of UNSIMULATED) assert.ok(!Object.hasOwn(schema, path), path);
});
