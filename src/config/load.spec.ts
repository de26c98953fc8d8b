import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { backend, minimal, said, withBackend } from './config.fixture.ts';
import { parseDocument } from './document.ts';
import { ConfigError, loadConfig, parseConfig } from './load.ts';

test('defaults are filled in and the result is frozen', () => {
  const config = parseConfig(minimal, 'test');
  assert.equal(config.driverName, 'rds.rose-csi.io');
  assert.equal(config.backends[0]?.ssh.port, 22);
  assert.equal(config.backends[0]?.nvme.port, 4420);
  assert.equal(config.backends[0]?.reserve, 1024n ** 3n);
  assert.equal(config.backends[0]?.ssh.maxInFlight, 'auto');
  assert.equal(config.backends[0]?.network, 'default');
  assert.ok(Object.isFrozen(config.backends[0]?.pools));
});

test('all problems are reported at once, each with its place', () => {
  const wrong = {
    backends: [
      { ...minimal.backends[0], ssh: { ...minimal.backends[0]?.ssh, hostKeys: [], prot: 22 }, reserve: '10GB' },
      { ...minimal.backends[0], pools: [] },
    ],
  };
  assert.throws(
    () => parseConfig(wrong, 'rose.yaml'),
    (error) => {
      assert.ok(error instanceof ConfigError);
      for (const part of [
        'rose.yaml has 5 problems:',
        'clusterId: ',
        'backends[0].ssh.hostKeys: at least one pinned host key is required',
        'backends[0].ssh: ',
        'prot',
        'backends[0].reserve: a number of bytes up to 1024Ti, or one with Ki, Mi, Gi or Ti (KiB … is the same), k, M, G or T',
        'backends[1].pools: ',
      ]) {
        assert.ok(error.message.includes(part), `${part} in ${error.message}`);
      }
      return true;
    },
  );
});

test('the pinned host keys may be in a file instead', () => {
  const [backend] = minimal.backends;
  const { hostKeys: _, ...rest } = backend?.ssh ?? assert.fail();
  const inFile = { ...backend, ssh: { ...rest, hostKeysFile: '/keys' } };
  assert.deepEqual(parseConfig({ ...minimal, backends: [inFile] }, 'f').backends[0]?.ssh.hostKeys, []);
  assert.throws(
    () => parseConfig({ ...minimal, backends: [{ ...backend, ssh: rest }] }, 'f'),
    /ssh\.hostKeys: at least one pinned host key is required, here or in hostKeysFile/,
  );
});

test('how many commands may be under way is a number, or found out', () => {
  const [backend] = minimal.backends;
  const most = (maxInFlight: unknown) => () =>
    parseConfig({ ...minimal, backends: [{ ...backend, ssh: { ...backend?.ssh, maxInFlight } }] }, 'f').backends[0]?.ssh
      .maxInFlight;
  for (const good of ['auto', 1, 8]) assert.equal(most(good)(), good);
  for (const bad of ['Auto', '4', 0, 9, 1.5])
    assert.throws(most(bad), /backends\[rds1\]\.ssh\.maxInFlight: /, `${bad}`);
  assert.throws(most('Auto'), /maxInFlight: "auto" or a whole number from 1 to 8/);
});

test('the name of a network fits into the key of a node label', () => {
  const named = (network: string) => () =>
    parseConfig({ ...minimal, backends: [{ ...minimal.backends[0], network }] }, 'f').backends[0]?.network;
  for (const name of ['a', 'rack-2', '0', 'x'.repeat(50)]) assert.equal(named(name)(), name);
  for (const name of ['', 'Rack', '-a', 'a-', 'a.b', 'a_b', 'x'.repeat(51)]) {
    assert.throws(named(name), /backends\[rds1\]\.network: lower-case letters, digits and dashes, at most 50/, name);
  }
});

test('a backend or pool that is there twice is refused', () => {
  const [backend] = minimal.backends;
  assert.throws(
    () => parseConfig({ ...minimal, backends: [backend, backend] }, 'f'),
    /backends\[1\]\.name: rds1 is there twice/,
  );
  const twice = { ...backend, pools: [...(backend?.pools ?? []), ...(backend?.pools ?? [])] };
  assert.throws(() => parseConfig({ ...minimal, backends: [twice] }, 'f'), /pools\[1\]\.label: pool is there twice/);
});

test('a pool that was configured under two backends had each of its volumes under two ids', () => {
  const uuid = '11111111-2222-3333-4444-555555555555';
  const [pool, other] = [
    { label: 'pool', uuid },
    { label: 'other', uuid },
  ];
  const parse = (...pools: readonly (readonly object[])[]) =>
    parseConfig(
      { ...minimal, backends: pools.map((some, at) => ({ ...minimal.backends[0], name: `rds${at}`, pools: some })) },
      'f',
    );
  const saying = (place: string) => ({
    name: 'ConfigError',
    message: `f has 1 problem:\n  ${place}: ${uuid} is there twice, first in backends[0].pools[0].uuid; a pool belongs to one backend and is listed once`,
  });
  assert.throws(() => parse([pool], [other]), saying('backends[rds1].pools[other].uuid'));
  assert.throws(() => parse([pool, other]), saying('backends[rds0].pools[other].uuid'));
  const apart = { ...pool, uuid: uuid.replace('1', '2') };
  assert.equal(parse([pool], [apart]).backends.length, 2, 'one label may be on two backends');
});

test('overrides win over the file, and undefined ones do not', () => {
  const config = parseConfig(minimal, 'test', { clusterId: 'c2', driverName: undefined, logLevel: 'debug' });
  assert.deepEqual([config.clusterId, config.driverName, config.logLevel], ['c2', 'rds.rose-csi.io', 'debug']);
});

test('a file that is missing, broken or empty is distinguished', async () => {
  await assert.rejects(loadConfig('/nonexistent/rose.yaml'), /cannot be read/);
  assert.throws(() => parseConfig('text', 'f'), /the file: /);
  assert.throws(() => parseConfig('text', 'f'), ConfigError);
});

test('what is missing, empty, or the values of the chart, is called that', () => {
  assert.equal(said(null), 'f is empty');
  assert.match(said({}), /^f has 2 problems:\n {2}clusterId: required\n {2}backends: required$/);
  assert.match(said({ ...minimal, config: {}, images: {} }), /these look like the values of the chart/);
  assert.match(said({ ...minimal, adoptedClusterIds: ['owner:1F2E3D4C'] }), /behind "owner:" belong the eight digits/);
  assert.equal(said({ ...minimal, adoptedClusterIds: ['owner:1f2e3d4c', 'prod'] }), 'nothing');
  assert.match(said({ ...minimal, nonsense: 1 }), /the file: "nonsense" unknown; known: driverName, clusterId, /);
  assert.match(said({ ...minimal, clusterId: 'REPLACE-with-the-uid' }), /clusterId: still to be replaced/);
});

test('a key that is misspelt is answered with the right one, wherever it stands', () => {
  assert.match(
    said({ ...minimal, clusterID: 'c1' }),
    /the file: "clusterID" unknown; did you mean "clusterId"\? known: /,
  );
  for (const [changes, words] of [
    [{ reserved: 1 }, /backends\[rds1\]: "reserved" unknown; did you mean "reserve"\? known: name, ssh, nvme, /],
    [{ ssh: { ...backend.ssh, prot: 22 } }, /backends\[rds1\]\.ssh: "prot" unknown; did you mean "port"\?/],
    [{ nvme: { ...backend.nvme, adress: 'x' } }, /backends\[rds1\]\.nvme: "adress" unknown; did you mean "address"\?/],
    [
      { pools: [{ ...backend.pools[0], mountpoint: 'x' }] },
      /pools\[pool\]: "mountpoint" unknown; did you mean "mountPoint"\?/,
    ],
  ] as const) {
    assert.match(withBackend(changes), words);
  }
  for (const key of ['snapshots', 'orphans', 'events', 'metrics']) {
    assert.match(
      said({ ...minimal, [key]: { port: 1, nonsense: 1 } }),
      new RegExp(`  ${key}: .*"nonsense"? unknown; .*known: `),
    );
  }
});

test('a placeholder in any text was used as it stood, and what cannot be seen passed', () => {
  const user = (text: string) => withBackend({ ssh: { ...backend.ssh, user: text } });
  const variable = `$${'{RDS_USER}'}`;
  assert.equal(
    user(variable),
    `f has 1 problem:\n  backends[rds1].ssh.user: ${variable} is still to be replaced: nothing is substituted in this file`,
  );
  assert.match(user('cs\x1bi'), /backends\[rds1\]\.ssh\.user: it has an invisible character in it \(U\+001B\)$/);
  assert.match(user('csi\n'), /backends\[rds1\]\.ssh\.user: it has a line break in it$/);
  const key = `ssh-ed25519 ${'A'.repeat(68)}\n`;
  assert.equal(withBackend({ ssh: { ...backend.ssh, hostKeys: [key] } }), 'nothing', 'a key as a file has it');
});

test('what a value has to be was said in the words of a library, and not what was found', () => {
  const ssh = (changes: object) => withBackend({ ssh: { ...backend.ssh, ...changes } });
  for (const [words, expected] of [
    [said({ ...minimal, clusterId: 12345 }), 'clusterId: a text in quotes, "12345", not 12345'],
    [
      said({ ...minimal, logLevel: 'verbose' }),
      'logLevel: one of fatal, error, warn, info, debug, trace, not "verbose"',
    ],
    [said({ ...minimal, logLevel: 'inof' }), 'did you mean "info"?'],
    [said({ ...minimal, events: { enabled: 'yes' } }), 'events.enabled: true or false, not "yes"'],
    [said({ ...minimal, events: 'yes' }), 'events: keys with values, not "yes"'],
    [said({ ...minimal, backends: {} }), 'backends: a list, not keys with values'],
    [said({ ...minimal, backends: [] }), 'backends: at least 1 entry, not 0'],
    [ssh({ port: 70_000 }), 'backends[rds1].ssh.port: at most 65535, not 70000'],
    [ssh({ port: 1.5 }), 'backends[rds1].ssh.port: a whole number, not 1.5'],
    [ssh({ hostKeys: [''] }), 'backends[rds1].ssh.hostKeys[0]: it is empty'],
    [said('text'), 'the file: keys with values, not "text"'],
  ] as const) {
    assert.ok(words.endsWith(expected), words);
  }
});

test('a file that is no YAML was reported in the words of a parser', () => {
  const of = (text: string) => {
    try {
      return JSON.stringify(parseDocument(text, 'f'));
    } catch (error) {
      return error instanceof ConfigError ? error.message : String(error);
    }
  };
  const variable = `$${'{RDS}'}`;
  assert.equal(
    of(`a: 1\nb: { host: ${variable} }\n`),
    `f is neither YAML nor JSON: line 2: ${variable} is still to be replaced: nothing is substituted in this file\n    b: { host: ${variable} }`,
  );
  assert.match(of('a: 1\n---\nb: 2\n'), /^f holds 2 YAML documents, divided by ---; a configuration is one$/);
  assert.match(of('a: "1\n'), /line \d: a bracket, brace, quote, comma or blank is missing/);
  assert.match(of('a: 1\na: 2\n'), /line 2: this key is there twice/);
  assert.equal(of('{"a": 1}'), '{"a":1}');
  assert.equal(of(''), 'null');
});

test('a file in UTF-16 was no object', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-config-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'rose.yaml');
  await writeFile(file, Buffer.from('\uFEFFclusterId: c1\n', 'utf16le'));
  await assert.rejects(loadConfig(file), /is no text; if it is UTF-16: iconv -f UTF-16 -t UTF-8/);
});
