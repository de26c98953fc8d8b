import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { simulatorForTest } from './simulate.testing.ts';
import type { SimulatorOptions } from './simulate.ts';
import { generateEd25519 } from './ssh/ed25519.ts';
import { pemKey } from './ssh/pem-key.testing.ts';
import { connect, exec } from './ssh/ssh-client.testing.ts';

/** A simulator, and how to run a line there as any user. */
async function start(t: TestContext, options: Partial<SimulatorOptions> = {}) {
  const { simulator, privateKey, stateDir } = await simulatorForTest(t, options);
  const runAs = async (username: string, key: string, line: string, from: { readonly localAddress?: string } = {}) => {
    const client = await connect(t, { port: simulator.port, username, privateKey: key, ...from });
    return (await exec(client, line)).stdout.trimEnd();
  };
  return { simulator, stateDir, privateKey, runAs, run: (line: string) => runAs('admin', privateKey, line) };
}

const OTHER = generateEd25519('other');
const QUOTED = OTHER.publicKey.trim();
const ADD = '/disk/btrfs/subvolume/add fs=pool name=v-1';

test('another account logs in with a key of its own, and does what its group may', async (t) => {
  const { run, runAs } = await start(t);
  assert.equal(await run('/user/add name=backup group=write password=secret'), '');
  await assert.rejects(runAs('backup', OTHER.privateKey, ':put 1'), /authentication methods failed/);
  assert.equal(await run(`/user/ssh-keys/add user=backup key="${QUOTED}"`), '');
  const as = (line: string) => runAs('backup', OTHER.privateKey, line);
  assert.equal(await as(ADD), '');
  assert.equal(await as(':put [:len [/disk/btrfs/subvolume/find]]'), '2');
  assert.equal(await as('/user/add name=evil group=full'), 'not enough permissions (9)');
  await assert.rejects(runAs('csi', OTHER.privateKey, ':put 1'), /authentication methods failed/);

  assert.equal(await run('/user/remove backup; :put [:len [/user/ssh-keys/find]]'), '0');
  await assert.rejects(as(':put 1'), /authentication methods failed/);
});

test('an account that is limited to addresses is refused from others, also after a restart', async (t) => {
  const { run, runAs, simulator, stateDir } = await start(t);
  const add = (address: string) =>
    run(`/user/add name=u group=read address=${address}; /user/ssh-keys/add user=u key="${QUOTED}"`);
  const from = (localAddress: string, as = runAs) => as('u', OTHER.privateKey, ':put 1', { localAddress });
  const refused = /authentication methods failed/;
  assert.equal(await add('127.0.0.2'), '');
  assert.equal(await from('127.0.0.2'), '1');
  await assert.rejects(from('127.0.0.1'), refused);

  assert.equal(await run('/user/remove u'), '');
  assert.equal(await add('2001:db8::/32,127.0.0.8/30,127.0.0.1'), '');
  assert.equal(await run(':put [:len [/user/get u address]]'), '3');
  for (const address of ['127.0.0.1', '127.0.0.11']) assert.equal(await from(address), '1', address);
  await assert.rejects(from('127.0.0.12'), refused);
  await simulator.close();
  const again = await start(t, { stateDir });
  await assert.rejects(from('127.0.0.12', again.runAs), refused);
  assert.equal(await from('127.0.0.11', again.runAs), '1');
});

test('what is no address is refused, and none at all means all', async (t) => {
  const { run, runAs } = await start(t);
  for (const address of ['10.0.0', '10.0.0.0/33', '10.0.0.0/', 'rds1', '::/129']) {
    assert.match(await run(`/user/add name=u group=read address="${address}"`), /^invalid value .*address/, address);
  }
  assert.equal(await run(`/user/add name=u group=read address=""; /user/ssh-keys/add user=u key="${QUOTED}"`), '');
  assert.equal(await runAs('u', OTHER.privateKey, ':put 1', { localAddress: '127.0.0.2' }), '1');
});

test('the account of the driver may neither change nor see accounts', async (t) => {
  const { run, runAs, privateKey } = await start(t);
  const as = (line: string) => runAs('csi', privateKey, line);
  for (const line of ['/user/print', '/user/group/add name=x', '/user/ssh-keys/private/print', '/user/remove [find]']) {
    assert.equal(await as(line), 'not enough permissions (9)', line);
  }
  assert.equal(await as(ADD), '');
  assert.equal(await run(':put [/user/get csi group]; :put [:len [/user/group/get csi policy]]'), 'csi\r\n4');
});

test('a group of its own allows what it names', async (t) => {
  const { run, runAs } = await start(t);
  const user = (policy: string) =>
    run(`/user/group/add name=g policy=${policy}; /user/add name=u group=g; /user/ssh-keys/add user=u key="${QUOTED}"`);
  const away = '/user/remove u; /user/group/remove g';
  const as = (line: string) => runAs('u', OTHER.privateKey, line);
  assert.equal(await user('ssh,read'), '');
  assert.equal(await as(ADD), 'not enough permissions (9)');
  assert.equal(await as(':put 1'), '1');
  assert.equal(await run('/user/group/remove g'), 'failure: group is in use');
  assert.equal(await run(away), '');
  assert.equal(await user('ssh,write'), '');
  assert.equal(await as(':put 1'), 'not enough permissions (9)');
  assert.equal(await run(away), '');
  assert.equal(await user('read,write'), '');
  await assert.rejects(as(':put 1'), /authentication methods failed/);
  assert.equal(await run('/user/group/add name=x policy=nonsense'), 'input does not match any value of policy');
});

test('keys are imported from files, which go, and are shown without what is secret, also after a restart', async (t) => {
  const { run, simulator, stateDir } = await start(t);
  const { pem, publicKey } = pemKey();
  const text = pem.trimEnd().replaceAll('\n', '\\n');
  const file = (contents: string) => run(`/file/add name=pool/key contents="${contents}"`);
  assert.equal(await file(text), '');
  assert.equal(await run('/user/ssh-keys/private/import user=csi private-key-file=pool/key'), '');
  assert.equal(await run('/user/ssh-keys/private/import user=csi private-key-file=pool/key'), NO_MATCH);
  assert.equal(await file(publicKey), '');
  assert.equal(await run('/user/ssh-keys/import user=csi public-key-file=pool/key'), '');
  assert.equal(await run(':put [:len [/file/find where name="pool/key"]]'), '0');
  const shown = ':foreach r in=[/user/ssh-keys/private/print detail as-value] do={:put [:serialize to=json value=$r]}';
  assert.equal(await run(shown), '{".id":"*1","key-type":"ed25519","user":"csi"}');
  await simulator.close();
  const again = await start(t, { stateDir });
  assert.equal(await again.run(shown), '{".id":"*1","key-type":"ed25519","user":"csi"}');
  assert.equal(await again.run('/user/ssh-keys/private/remove [find]; :put [:len [/user/ssh-keys/private/find]]'), '0');
});

const NO_MATCH = 'input does not match any value of private-key-file';

test("a private key in OpenSSH's own form was taken, which RouterOS refuses", async (t) => {
  const { run } = await start(t);
  const text = OTHER.privateKey.trimEnd().replaceAll('\n', '\\n');
  await run(`/file/add name=pool/key contents="${text}"`);
  const imported = '/user/ssh-keys/private/import user=csi private-key-file=pool/key';
  assert.equal(await run(imported), 'unable to load key file (wrong format or bad passphrase)!');
  assert.match(await run(`${imported} passphrase=x`), /the simulator does not carry out/);
  assert.match(await run('/user/add name=x group=read comment=mine'), /the simulator does not carry out/);
  assert.equal(await run(':put [:len [/file/find where name="pool/key"]]'), '1', 'the file stays');
});
