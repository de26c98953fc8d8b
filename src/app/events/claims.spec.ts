import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubernetesError } from '../../kubernetes/cluster.ts';
import { kinds, type Volume } from '../../kubernetes/kinds.ts';
import { Claims } from './claims.ts';

const DRIVER = 'rds.rose-csi.io';
const volume = (name: string, driver = DRIVER): Volume =>
  kinds.volume.schema.parse({
    metadata: { name: `pv-${name}` },
    spec: {
      claimRef: { namespace: 'shop', name, uid: `uid-${name}` },
      csi: { driver, volumeHandle: 'rds1:pvc-1' },
    },
  });

function start(answers: readonly (readonly Volume[] | Error)[]) {
  let lists = 0;
  let nowMs = 0;
  const cluster = {
    async persistentVolumes() {
      const answer = answers[lists++];
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('asked too often');
      return { items: answer, resourceVersion: '1' };
    },
  };
  const claims = new Claims(cluster, DRIVER, () => nowMs);
  const find = async () => (await claims.of('rds1:pvc-1').find(new AbortController().signal))?.name;
  return {
    find,
    lists: () => lists,
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

test('a list that could not be had fails no one but who asked for it', async () => {
  const { find, lists } = start([new KubernetesError('not now', 503), [volume('data')]]);
  await assert.rejects(find(), /not now/);
  assert.equal(await find(), 'data');
  assert.equal(await find(), 'data');
  assert.equal(lists(), 2);
});

test('it is asked for once a minute, and the volumes of other drivers are none of ours', async () => {
  const { find, lists, pass } = start([[volume('foreign', 'other.example.com')], [volume('data')]]);
  assert.equal(await find(), undefined);
  pass(59_999);
  assert.equal(await find(), undefined);
  pass(1);
  assert.equal(await find(), 'data');
  assert.equal(lists(), 2);
});
