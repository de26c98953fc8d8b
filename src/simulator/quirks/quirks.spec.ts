import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUIRKS, Quirks } from './quirks.ts';
import { quirkyDevice } from './quirky-device.testing.ts';
import { TRANSFER_QUIRKS } from './transfer-quirks.ts';

/** What a line prints on a strict device and on one with the quirk. */
interface Difference {
  readonly line: string;
  readonly strict: string | RegExp;
  readonly quirky: string | RegExp;
}

/** What passes with time: a line that prints one thing at first, and from `ms` on what a strict device prints at once. */
interface Delay {
  readonly before: string;
  readonly line: string;
  readonly ms: number;
  readonly first: string;
  readonly strict: string;
}

const SUBVOLUME = '/disk/btrfs/subvolume';
const VOLUME = `${SUBVOLUME}/add fs=pool name=v-1; /disk/add type=file slot=v-1 file-path=pool/v-1/volume.img file-size=4096 mount-filesystem=no`;
const DETACHED = `${VOLUME}; /disk/remove v-1`;
const LONG = 'n'.repeat(65);

const image = (size: number | string) =>
  `/disk/add type=file slot=v-1 file-path=pool/v-1/volume.img file-size=${size} mount-filesystem=no`;
const item = (settings: string) => `${SUBVOLUME}/add fs=pool name=v-1; ${image(4096)} ${settings}`;
const SIZE = ':put [/disk/get v-1 size]';
const COUNT = `:put [:len [${SUBVOLUME}/find]]`;
const NQN = ':put [/disk/get v-1 nvme-tcp-server-nqn]';
const json = (value: string) => `:put [:serialize to=json options=json.no-string-conversion value=${value}]`;

const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'error-texts-other': {
    line: `${SUBVOLUME}/add fs=none name=x`,
    strict: 'input does not match any value of fs',
    quirky: /^failure: could not do it/,
  },
  'error-texts-bare': {
    line: `${SUBVOLUME}/add fs=none name=x`,
    strict: 'input does not match any value of fs',
    quirky: 'action failed (6)',
  },
  'subvolume-ids-move': {
    line: `${SUBVOLUME}/add fs=pool name=v-1; ${SUBVOLUME}/add fs=pool name=v-2; :local x [${SUBVOLUME}/find where name=v-2];
      ${SUBVOLUME}/remove [find where name=v-1]; ${SUBVOLUME}/add fs=pool name=v-3; :put [${SUBVOLUME}/get $x name]`.replaceAll(
      /\n */g,
      ' ',
    ),
    strict: 'v-2',
    quirky: 'v-3',
  },
  'error-counters-per-device': {
    line: json('[/disk/btrfs/filesystem/print detail as-value proplist=corruption-errors]'),
    strict: '[{"corruption-errors":0}]',
    quirky: '[{"corruption-errors":[0,0]}]',
  },
  'filesystem-health-unset': {
    line: json('[/disk/btrfs/filesystem/print detail as-value proplist=label,read-errors,missing-devs]'),
    strict: '[{"label":"pool","missing-devs":false,"read-errors":0}]',
    quirky: '[{"label":"pool"}]',
  },
  'disk-health-unset': {
    line: json('[/disk/print detail as-value proplist=slot,io-errors,critical-warning]'),
    strict: '[{"critical-warning":0,"io-errors":0,"slot":"nvme1"}]',
    quirky: '[{"slot":"nvme1"}]',
  },
  'critical-warning-in-words': {
    line: json('[/disk/print detail as-value proplist=critical-warning]'),
    strict: '[{"critical-warning":0}]',
    quirky: '[{"critical-warning":"none"}]',
  },
  'json-numbers-as-text': { line: json('{"a"=1}'), strict: '{"a":1}', quirky: '{"a":"1"}' },
  'json-bools-as-words': {
    line: json('{"a"=true; "b"=false}'),
    strict: '{"a":true,"b":false}',
    quirky: '{"a":"yes","b":"no"}',
  },
  'json-unset-is-null': {
    line: json('[/disk/print detail as-value proplist=slot,comment]'),
    strict: '[{"slot":"nvme1"}]',
    quirky: '[{"comment":null,"slot":"nvme1"}]',
  },
  'json-unset-is-empty': {
    line: json('[/disk/print detail as-value proplist=slot,comment]'),
    strict: '[{"slot":"nvme1"}]',
    quirky: '[{"comment":"","slot":"nvme1"}]',
  },
  'no-intervals': { line: ':put ("ab"~"^[a-z]{2}\\24")', strict: 'true', quirky: 'false' },
  'growth-refused': {
    line: `${VOLUME}; /disk/set v-1 file-size=8192; ${SIZE}`,
    strict: '8192',
    quirky: 'failure: file-size can not be changed',
  },
  'growth-ignored': { line: `${VOLUME}; /disk/set v-1 file-size=8192; ${SIZE}`, strict: '8192', quirky: '4096' },
  'growth-needs-unexport': {
    line: `${item('nvme-tcp-export=yes')}; :onerror e in={/disk/set v-1 file-size=8192} do={:put $e};
      /disk/set v-1 nvme-tcp-export=no; /disk/set v-1 file-size=16384; ${SIZE}`,
    strict: '16384',
    quirky: 'failure: disk is in use|16384',
  },
  'shrink-truncates': {
    line: `${VOLUME}; :do {/disk/set v-1 file-size=1} on-error={}; ${SIZE}`,
    strict: '4096',
    quirky: '1',
  },
  'file-size-resizes': {
    line: `${DETACHED}; ${image(8192)}; ${SIZE}`,
    strict: 'failure: file already exists',
    quirky: '8192',
  },
  'file-size-zeroes': {
    line: `${DETACHED}; ${image(512)}; ${SIZE}`,
    strict: 'failure: file already exists',
    quirky: '512',
  },
  'file-size-ignored': {
    line: `${DETACHED}; ${image(8192)}; ${SIZE}`,
    strict: 'failure: file already exists',
    quirky: '4096',
  },
  'images-preallocated': {
    line: `${VOLUME}; /disk/set v-1 file-size=1000000; :put [/disk/get nvme1 free]; /disk/set v-1 file-size=2G; ${SIZE}`,
    strict: '1073741824|2147483648',
    quirky: '1072741824|failure: No space left on device',
  },
  'slot-limit-24': {
    line: `/disk/add type=file slot=${'s'.repeat(25)} file-path=pool/x.img file-size=1; :put ok`,
    strict: 'ok',
    quirky: 'invalid value for argument slot',
  },
  'slot-limit-40': {
    line: `/disk/add type=file slot=${'s'.repeat(40)} file-path=pool/x.img file-size=1; :put ok`,
    strict: 'invalid value for argument slot: longer than 32 characters',
    quirky: 'ok',
  },
  'slot-without-dashes': { line: `${VOLUME}; ${SIZE}`, strict: '4096', quirky: 'invalid value for argument slot' },
  'slot-upper-case': { line: `${VOLUME}; :put [:len [/disk/find where slot=V-1]]`, strict: '0', quirky: '1' },
  'nqn-ignored-until-export': {
    line: `${item('nvme-tcp-server-nqn=nqn.2026-11.test:a')}; ${NQN}; /disk/set v-1 nvme-tcp-export=yes; ${NQN};
      /disk/set v-1 nvme-tcp-export=yes nvme-tcp-server-nqn=nqn.2026-11.test:b; ${NQN}`,
    strict: 'nqn.2026-11.test:a|nqn.2026-11.test:a|nqn.2026-11.test:b',
    quirky: '|nqn.2000-02.com.mikrotik:v-1|nqn.2026-11.test:b',
  },
  'nqn-hidden-until-export': {
    line: `${item('nvme-tcp-server-nqn=nqn.2026-11.test:a')}; ${NQN}; /disk/set v-1 nvme-tcp-export=yes; ${NQN}`,
    strict: 'nqn.2026-11.test:a|nqn.2026-11.test:a',
    quirky: '|nqn.2026-11.test:a',
  },
  'default-nqn-is-slot': {
    line: `${item('nvme-tcp-export=yes')}; ${NQN}`,
    strict: 'nqn.2000-02.com.mikrotik:v-1',
    quirky: 'v-1',
  },
  'comment-limit-64': {
    line: `${item(`comment=${LONG}`)}; :put ok`,
    strict: 'ok',
    quirky: 'invalid value for argument comment',
  },
  'comment-cut-at-64': {
    line: `${item(`comment=${LONG}`)}; :put [:len [/disk/get v-1 comment]]`,
    strict: '65',
    quirky: '64',
  },
  'comment-ascii-only': {
    line: `${item('comment="caf\\C3\\A9"')}; :put ok`,
    strict: 'ok',
    quirky: 'invalid value for argument comment',
  },
  'allow-one-host': {
    line: `${item('nvme-tcp-server-allow-host-name="a,b"')}; :put ok`,
    strict: 'ok',
    quirky: 'invalid value for argument nvme-tcp-server-allow-host-name',
  },
  'allow-no-nqn': {
    line: `${item('nvme-tcp-server-allow-host-name="nqn.2026-11.test:a"')}; :put ok`,
    strict: 'ok',
    quirky: 'invalid value for argument nvme-tcp-server-allow-host-name',
  },
  'name-is-path': {
    line: `${SUBVOLUME}/add fs=pool name=a; :onerror e in={${SUBVOLUME}/add fs=pool parent=a name=b} do={:put $e};
      :foreach i in=[${SUBVOLUME}/find] do={:put [${SUBVOLUME}/get $i name]}`,
    strict: '<FS_ROOT>|a|b',
    quirky: '<FS_ROOT>|<FS_ROOT>/a|<FS_ROOT>/b',
  },
  'top-level-is-id': {
    line: `${SUBVOLUME}/add fs=pool name=a; :put [${SUBVOLUME}/get a top-level]`,
    strict: '<FS_ROOT>',
    quirky: '5',
  },
  'parent-takes-id': {
    line: `${SUBVOLUME}/add fs=pool name=a; :do {${SUBVOLUME}/add fs=pool parent=a name=by-name} on-error={};
      :do {${SUBVOLUME}/add fs=pool parent=([${SUBVOLUME}/find where name=a]->0) name=by-id} on-error={};
      :put [${SUBVOLUME}/get ([${SUBVOLUME}/find]->2) name]; ${COUNT}`,
    strict: 'by-name|3',
    quirky: 'by-id|3',
  },
  'removal-shows-dead': {
    line: `${SUBVOLUME}/add fs=pool name=a; ${SUBVOLUME}/remove a; ${COUNT}; :put [:len [${SUBVOLUME}/find where dead]]`,
    strict: '1|0',
    quirky: '2|1',
  },
  'removal-while-in-use': {
    line: `${VOLUME}; :onerror e in={${SUBVOLUME}/remove v-1} do={:put $e}; ${COUNT}`,
    strict: 'BTRFS_IOC_SNAP_DESTROY failed: Device or resource busy|2',
    quirky: '1',
  },
  'creation-time-old-form': {
    line: `:put [${SUBVOLUME}/get <FS_ROOT> creation-time]`,
    strict: '2026-01-02 12:00:00',
    quirky: 'jan/02/2026 12:00:00',
  },
  'creation-time-unset': {
    line: `:put [:len [${SUBVOLUME}/get <FS_ROOT> creation-time]]`,
    strict: '19',
    quirky: '0',
  },
  'name-limit-64': {
    line: `${SUBVOLUME}/add fs=pool name=${LONG}; ${COUNT}`,
    strict: '2',
    quirky: 'invalid value for argument name',
  },
  'name-cut-at-64': {
    line: `${SUBVOLUME}/add fs=pool name=${LONG}; :put [:len [${SUBVOLUME}/get ([${SUBVOLUME}/find]->1) name]]`,
    strict: '65',
    quirky: '64',
  },
  'name-dashes-replaced': {
    line: `${SUBVOLUME}/add fs=pool name=a-b; :put [${SUBVOLUME}/get ([${SUBVOLUME}/find]->1) name]`,
    strict: 'a-b',
    quirky: 'a_b',
  },
  'parent-limit-64': {
    line: `${SUBVOLUME}/add fs=pool name=${LONG}; ${SUBVOLUME}/add fs=pool parent=${LONG} name=b; ${COUNT}`,
    strict: '3',
    quirky: 'input does not match any value of parent',
  },
  'string-subvolume-id': {
    line: `:put [:typeof [${SUBVOLUME}/get <FS_ROOT> subvolume-id]]`,
    strict: 'num',
    quirky: 'str',
  },
  'two-filesystems-one-label': {
    line: `:put [:len [/disk/btrfs/filesystem/find where label=pool]]; :put [:len [/disk/find where mounted and fs-label=pool]]; ${COUNT}`,
    strict: '1|1|1',
    quirky: '2|2|2',
  },
  'old-version': {
    line: `:put [/system/resource/get version]; :put [:parse "${SUBVOLUME}/print"]; :put [:parse "/disk/set nvme1 nvme-tcp-server-nqn=x"]`,
    strict: /^7\.24\.1 \(stable\)\|\(evl [^|]*\|\(evl /,
    quirky: /^7\.17\.2 \(stable\)\|bad command name btrfs [^|]*\|bad parameter nvme-tcp-server-nqn /,
  },
  'no-rose-package': {
    line: `:put [:len [/system/package/find where name=rose-storage]]; :put [:parse "${SUBVOLUME}/print"]; :put [:parse "/disk/set nvme1 nvme-tcp-export=no"]`,
    strict: /^1\|\(evl [^|]*\|\(evl /,
    quirky: /^0\|bad command name btrfs [^|]*\|bad parameter nvme-tcp-export /,
  },
  'read-only-user': {
    line: `${SUBVOLUME}/add fs=pool name=a; ${COUNT}`,
    strict: '2',
    quirky: 'not enough permissions (9)',
  },
  'clock-wrong': { line: ':put [/system/clock/get date]', strict: '2026-01-02', quirky: '2024-11-28' },
  'received-uuid-zeros': {
    line: json(`[${SUBVOLUME}/print as-value proplist=fs,received-uuid]`),
    strict: '[{"fs":"pool"}]',
    quirky: '[{"fs":"pool","received-uuid":"00000000-0000-0000-0000-000000000000"}]',
  },
  'received-uuid-dash': {
    line: json(`[${SUBVOLUME}/print as-value proplist=fs,received-uuid]`),
    strict: '[{"fs":"pool"}]',
    quirky: '[{"fs":"pool","received-uuid":"-"}]',
  },
  'empty-list-passes': {
    line: `:do {${SUBVOLUME}/remove [:pick [find] 0 0]; :put "passed"} on-error={:put "failed"}; ${COUNT}`,
    strict: 'failed|1',
    quirky: 'passed|1',
  },
  'uptime-sub-second': {
    line: ':delay 90250ms; :put [/system/resource/get uptime]; :put ([/system/resource/get uptime]>90s)',
    strict: '00:01:30|false',
    quirky: '00:01:30.250|true',
  },
};

const DELAYS: Readonly<Record<string, Delay>> = {
  'growth-shown-late': {
    before: `${VOLUME}; /disk/set v-1 file-size=8192`,
    line: SIZE,
    ms: 500,
    first: '4096',
    strict: '8192',
  },
  'size-late-300ms': { before: VOLUME, line: SIZE, ms: 300, first: '', strict: '4096' },
  'size-late-5s': { before: VOLUME, line: SIZE, ms: 5000, first: '', strict: '4096' },
  'removal-busy-at-first': {
    before: DETACHED,
    line: `:onerror e in={${SUBVOLUME}/remove v-1} do={:put $e}`,
    ms: 300,
    first: 'BTRFS_IOC_SNAP_DESTROY failed: Device or resource busy',
    strict: '',
  },
};

for (const [name, { before, line, ms, first, strict }] of Object.entries(DELAYS)) {
  test(`${name} holds for ${ms} ms`, async (t) => {
    const plain = await quirkyDevice(t, []);
    assert.equal(await plain.run(`${before}; ${line}`), strict);
    const { run, wait } = await quirkyDevice(t, [name]);
    assert.equal(await run(before), '');
    wait(ms - 1);
    assert.equal(await run(line), first);
    wait(1);
    assert.equal(await run(line), strict);
  });
}

const tested = { ...DIFFERENCES, ...DELAYS };
const overSsh = QUIRKS.filter(({ name }) => tested[name] === undefined).map(({ name }) => name);

for (const [name, { line, strict, quirky }] of Object.entries(DIFFERENCES)) {
  test(`${name} makes the difference that it says`, async (t) => {
    const oneLine = line.replaceAll(/\n\s*/g, ' ');
    for (const [names, expected] of [
      [[], strict],
      [[name], quirky],
    ] as const) {
      const { run } = await quirkyDevice(t, names);
      const seen = await run(oneLine);
      if (typeof expected === 'string') assert.equal(seen, expected, names.join());
      else assert.match(seen, expected, names.join());
    }
  });
}

test('every quirk is tested, here or over SSH', () => {
  const known = QUIRKS.map(({ name }) => name);
  assert.deepEqual(
    Object.keys(tested).filter((name) => !known.includes(name)),
    [],
  );
  assert.deepEqual(overSsh, [
    'exit-status-1-on-failure',
    'exit-status-missing',
    'output-wrapped-at-80',
    'output-line-feeds',
    'command-limit-4096',
    'command-limit-2048',
    'one-session',
    'one-channel',
    'third-channel-hangs',
    'three-channels-hang',
    'output-limit-16k',
    'script-dies-with-channel',
    ...TRANSFER_QUIRKS.map(({ name }) => name),
  ]);
});

test('each unknown that shows over SSH has a quirk, and names are unique and in kebab case', () => {
  const names = QUIRKS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
  const unknowns = new Set(QUIRKS.flatMap(({ unknown }) => unknown ?? []));
  const expected = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 18, 19, 20, 21, 22, 24, 25, 26, 27, 28, 30, 31, 32, 33, 34, 35, 36,
    37, 38, 39, 41, 42,
  ].map((n) => `U${n}`);
  assert.deepEqual([...unknowns], expected);
});

test('quirks are set while the device runs, and taken off again', async (t) => {
  const { quirks, run } = await quirkyDevice(t, []);
  const line = json('{"a"=1}');
  quirks.set(['json-numbers-as-text', 'read-only-user', 'json-numbers-as-text']);
  assert.deepEqual(quirks.names, ['json-numbers-as-text', 'read-only-user']);
  assert.equal(await run(line), '{"a":"1"}');
  assert.equal(await run(`${SUBVOLUME}/add fs=pool name=a`), 'not enough permissions (9)');
  quirks.set([]);
  assert.equal(await run(line), '{"a":1}');
  assert.equal(await run(`${SUBVOLUME}/add fs=pool name=a`), '');
});

test('two quirks of one command both have their say', async (t) => {
  const { run } = await quirkyDevice(t, ['comment-cut-at-64', 'slot-upper-case', 'size-late-5s']);
  const seen = await run(
    `${item(`comment=${LONG}`)}; :put [:len [/disk/get V-1 comment]]; :put [:len [/disk/get V-1 size]]`,
  );
  assert.equal(seen, '64|0');
});

test('an unknown name is refused with those that there are, and changes nothing', () => {
  const quirks = new Quirks(['no-intervals']);
  assert.throws(
    () => quirks.set(['name-limit-64', 'nonsense']),
    /there is no quirk "nonsense", only .*exit-status-missing/,
  );
  assert.deepEqual(quirks.names, ['no-intervals']);
  assert.throws(() => new Quirks(['nonsense']), /there is no quirk/);
});

test('what the sizes of U4 do to the bytes', async (t) => {
  for (const [name, seen] of [
    ['file-size-resizes', 'abcd'],
    ['file-size-zeroes', '\0\0\0\0'],
    ['file-size-ignored', 'abcd'],
  ] as const) {
    const { device, run } = await quirkyDevice(t, [name]);
    const settings = 'nvme-tcp-export=yes nvme-tcp-server-nqn=nqn.2026-11.test:a';
    await run(item(settings));
    await device.blocks.write('nqn.2026-11.test:a', 0, Buffer.from('abcd'));
    await run('/disk/remove v-1');
    await run(`${image(512)} ${settings}`);
    assert.equal((await device.blocks.read('nqn.2026-11.test:a', 0, 4)).toString(), seen, name);
  }
});
