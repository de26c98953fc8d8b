import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { memoryConsole, output } from './memory-menus.testing.ts';

/** A whole script of the kind that a driver sends: prove the pool, look for the result, act, read back. */
const script = [
  ':onerror e in={:foreach xL,xU in={"pool"="0f5b"} do={',
  ':if ([:len [/disk/btrfs/filesystem find where label=$xL]]!=1',
  ' or [:len [/disk/btrfs/filesystem find where label=$xL and uuid=$xU]]!=1',
  ' or [:len [/disk find where mounted and fs-label=$xL]]!=1) do={:error "RC-POOL"}};',
  ' :local xN [/disk/btrfs/subvolume find where !dead and name~"\\5Esnap-1111-"];',
  ' :if ([:len $xN]=0) do={:local xV [/disk/btrfs/subvolume find where !dead and name~"\\5Epvc-2222-"];',
  ' :if ([:len $xV]=0) do={:error "RC-NOSRC"};',
  ' :local xD [/disk find where slot="pvc-1"]; :local xB "";',
  ' :for xI from=1 to=20 do={:if (!($xB~"\\5E[0-9]+\\24")) do={:set xB [:tostr [/disk get ($xD->0) size]];',
  ' :if (!($xB~"\\5E[0-9]+\\24")) do={:delay 1ms}}};',
  ' /disk/btrfs/subvolume add fs=[/disk/btrfs/subvolume get ($xV->0) fs]',
  ' parent=[/disk/btrfs/subvolume get ($xV->0) name] read-only=yes name=("snap-1111-".$xB)};',
  ' :foreach r in=[/disk/btrfs/subvolume print detail as-value proplist=.id,name,fs,parent,read-only',
  ' where !dead and name~"\\5Esnap-1111-"]',
  ' do={:put [:serialize to=json options=json.no-string-conversion value=$r]};',
  ' :put "OKn0nce"} do={:put ("ERn0nce ".[:tostr $e])}',
].join('');

const row = {
  '.id': '*2',
  fs: 'pool',
  name: 'snap-1111-53687091200',
  parent: 'pvc-2222-0',
  'read-only': 'yes',
};

let fixture: ReturnType<typeof memoryConsole>;

beforeEach(() => {
  fixture = memoryConsole();
  fixture.menus.filesystem.insert({ label: 'pool', uuid: '0f5b' });
  fixture.menus.subvolume.insert({ name: 'pvc-2222-0', fs: 'pool', dead: false });
});

test('a whole script does its work and reads it back', async () => {
  assert.equal(await output(script, fixture), `${JSON.stringify(row)}\r\nOKn0nce\r\n`);
});

test('a whole script finds what an earlier run made', async () => {
  await output(script, fixture);
  assert.equal(await output(script, fixture), `${JSON.stringify(row)}\r\nOKn0nce\r\n`);
  assert.equal(fixture.menus.subvolume.calls.length, 1);
});

test('a whole script waits until the size is readable', async () => {
  const [pool, volume] = fixture.menus.disk.items;
  assert.ok(pool && volume);
  fixture.menus.disk.items = [pool, { id: volume.id, props: new Map([['slot', 'pvc-1']]) }];
  let delays = 0;
  const waiting = memoryConsole({
    beforeStatement: ({ command }) => {
      delays += Number(command === ':delay');
      if (delays === 3) {
        waiting.menus.disk.items = [pool, volume];
      }
    },
  });
  waiting.menus.filesystem.items = fixture.menus.filesystem.items;
  waiting.menus.subvolume.items = fixture.menus.subvolume.items;
  waiting.menus.disk.items = fixture.menus.disk.items;
  assert.match(await output(script, waiting), /"snap-1111-53687091200".*\r\nOKn0nce\r\n$/);
  assert.equal(delays, 3);
});

test('a whole script reports its own refusals', async () => {
  fixture.menus.subvolume.items = [];
  assert.equal(await output(script, fixture), 'ERn0nce RC-NOSRC (:error; line 1)\r\n');
  fixture.menus.filesystem.items = [];
  assert.equal(await output(script, fixture), 'ERn0nce RC-POOL (:error; line 1)\r\n');
  assert.deepEqual(fixture.menus.subvolume.calls, []);
});
