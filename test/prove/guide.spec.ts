import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GUIDE_STEPS, guideCommands } from './guide.ts';

const VALUES = { disk: 'disk7', network: '10.0.2.0/24', password: 'secret', publicKey: 'ssh-ed25519 KEY prove' };

test('the commands are those of docs/install.md, with the values of this device', () => {
  const commands = GUIDE_STEPS.flatMap((step) => guideCommands(step, VALUES));
  assert.deepEqual(commands, [
    '/disk/format disk7 file-system=btrfs label=pool1',
    '/disk/btrfs/filesystem/print detail where label="pool1"',
    '/disk/print detail where fs-label="pool1"',
    '/user/group/add name=csi policy=ssh,read,write,test',
    '/user/add name=csi group=csi address=10.0.2.0/24 password="secret"',
    '/ip/ssh/set host-key-type=ed25519',
    '/ip/ssh/regenerate-host-key',
    '/ip/firewall/filter/add chain=input protocol=tcp dst-port=4420 src-address=10.0.2.0/24 action=accept',
    '/ip/firewall/filter/add chain=input protocol=tcp dst-port=4420 action=drop',
    '/user/ssh-keys/add user=csi key="ssh-ed25519 KEY prove"',
  ]);
});

test('a guide without the block, or without what must be replaced, is an error and not another command', () => {
  assert.throws(() => guideCommands('pool', VALUES, '# Install\n'), /no block that is marked <!-- prove: pool -->/);
  const changed = '<!-- prove: key -->\n```\n/user/ssh-keys/add user=csi key="…"\n```\n';
  assert.throws(() => guideCommands('key', VALUES, changed), /"ssh-ed25519 AAAA… rose-csi" is not there/);
});
