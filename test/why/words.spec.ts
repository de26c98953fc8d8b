import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RdsError, type RdsErrorCode, REFUSALS } from '../../src/rds/index.ts';
import { failure } from '../../src/storage/failures.ts';
import { sceneOf } from '../../src/why/case.fixture.ts';
import { explain } from '../../src/why/explain.ts';
import { healthy } from '../../src/why/objects.fixture.ts';

/** Why, in the answer, for every way in which a command on the box can fail. */
const WHY: Readonly<Record<RdsErrorCode, RegExp>> = {
  'RC-POOL': /not mounted on it, or another one has its label/,
  'RC-TWO': /two hold a subvolume of its id/,
  'RC-ERE': /does not know an expression/,
  'RC-NAME': /under another name/,
  'RC-NQN': /changed its disk item/,
  'RC-NOVOL': /volume is not on the box/,
  'RC-NOSRC': /it is to be made from is not on the box/,
  'RC-ELSEWHERE': /in another pool or on another box/,
  'RC-OWNER': /owner of another cluster/,
  'RC-SMALL': /less than its source has/,
  'RC-SPACE': /pool on the box is full/,
  'RC-PROMISE': /overCommitRatio/,
  'RC-QUOTA': /maxSnapshotsPerVolume/,
  'RC-SLOT': /slot of the volume is taken/,
  'RC-HALF': /does not attach its image/,
  'RC-EMPTY': /no usable image/,
  'RC-NODISK': /disk item of the source was lost/,
  'RC-SIZE': /needs more time/,
  'RC-LAG': /needs more time/,
  'RC-GROW': /did not grow the image/,
  'RC-PUB': /published to another node/,
  'RC-EXPORTED': /no node is on its record/,
  'RC-MODE': /in another mode/,
  'RC-RACE': /needs more time/,
  'RC-USED': /disk item that the driver did not make/,
  'RC-LEFT': /needs more time/,
  failed: /refused a command/,
  late: /needs more time/,
  waiting: /needs more time/,
  unsupported: /lacks a command/,
  unreachable: /over SSH/,
  unauthenticated: /do not believe each other/,
  unsent: /needs more time/,
  unknown: /broke in the middle of an answer/,
  cancelled: /longer than its deadline/,
  unexpected: /defect of the driver/,
};

test('every refusal of the box and every trouble on the way is explained, by the words that the driver uses', async () => {
  const scene = await sceneOf({ objects: healthy() });
  for (const [code, words] of Object.entries(WHY) as [RdsErrorCode, RegExp][]) {
    const { message } = failure(new RdsError(code, '12'), 'rds1:pvc-1', { signal: AbortSignal.timeout(1000) });
    const { why, next } = explain(`rpc error: code = Unknown desc = ${message}`, scene);
    assert.match(why, words, `${code}: ${message}`);
    assert.match(next, /\.$/);
  }
  assert.deepEqual(
    Object.keys(REFUSALS).filter((code) => !Object.hasOwn(WHY, code)),
    [],
  );
});

test('the words of the node, and of Kubernetes itself', async () => {
  const scene = await sceneOf({ objects: healthy() });
  const said: readonly (readonly [string, RegExp])[] = [
    ['x on 192.0.2.1:4420 shows no usable namespace: nvme0 is connecting', /over NVMe\/TCP/],
    ['x was detached from this node and published anew, and the box still serves y', /detached by force/],
    ['x is still connected after `nvme disconnect` (y)', /not let go/],
    ['too many snapshots at once: the next turn is in 9 s; it is tried again', /waits for its turn/],
    ['x: no backend rds7 is configured; a backend must keep its name for ever', /keeps its name/],
    [
      'error generating accessibility requirements: no topology key found for node node-a',
      /has not registered yet, or is older/,
    ],
    ['context deadline exceeded', /longer than its deadline/],
    ['rpc error: code = Aborted desc = whatever', /works on the same object|Another operation/],
    ['whatever', /message below says it/],
  ];
  for (const [message, words] of said) assert.match(explain(message, scene).why, words, message);
});

test('what a node says is never told as trouble of the way to the box over SSH', async () => {
  const scene = await sceneOf({ objects: healthy() });
  const said: readonly (readonly [string, RegExp])[] = [
    ['cannot make ext4 on /dev/nvme1n1 (nqn.x, 5 bytes): mkfs.ext4 exited with 1', /mkfs failed on the node/],
    ['mount -t xfs -o bogus /dev/nvme1n1 /x: wrong fs type (the kernel log may say why)', /mount option/],
    ['pvc-1: e2fsck -p does not mend the ext4 on /dev/nvme1n1: UNEXPECTED INCONSISTENCY', /did not mount it/],
    ['cannot grow the filesystem on /dev/nvme1n1: resize2fs exited with 1', /resize2fs or xfs_growfs failed/],
    ['/dev/nvme1n1 cannot be read, so nothing is concluded from it: EIO', /device does not answer/],
    ['/var/lib/x does not answer: timeout', /device does not answer/],
    ['rds1:pvc-1: spawn nvme ENOENT', /node could not do it/],
    ['connection error: desc = "transport: dial unix /csi/csi.sock: connect: connection refused"', /its socket/],
    ['error reading from server: EOF', /its socket/],
  ];
  for (const [words, why] of said) {
    const told = explain(`rpc error: code = Unavailable desc = ${words}`, scene, 'node-a');
    assert.match(told.why, why, words);
    assert.doesNotMatch(`${told.next} ${told.command}`, /doctor|controller/, words);
  }
});
