import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WhyScene } from './scene.ts';
import { WhyDesk } from './why-desk.ts';

const FINE: WhyScene = { result: 'fine', chain: [], findings: [], notSeen: [] };

test('all who ask the same within seconds get one walk', async () => {
  let walks = 0;
  const desk = new WhyDesk(async () => {
    walks += 1;
    return FINE;
  });
  await Promise.all([desk.ask('pvc/a', 'x'), desk.ask('pvc/a', 'x'), desk.ask('pvc/a', 'y')]);
  await desk.ask('pvc/a', 'x');
  assert.equal(walks, 2);
});

test('one chain is walked at a time, also behind one that failed', async () => {
  let [walking, most] = [0, 0];
  const desk = new WhyDesk(async (object) => {
    walking += 1;
    most = Math.max(most, walking);
    await Promise.resolve();
    walking -= 1;
    if (object === 'pvc/b') throw new Error('no');
    return FINE;
  });
  const asked = ['pvc/a', 'pvc/b', 'pvc/c'].map((object) => desk.ask(object, 'x'));
  const ended = await Promise.allSettled(asked);
  assert.deepEqual(
    ended.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(most, 1);
});

test('whoever asks about too much at once is asked to wait', async () => {
  const gate = Promise.withResolvers<void>();
  const desk = new WhyDesk(async () => {
    await gate.promise;
    return FINE;
  });
  const asked = Array.from({ length: 9 }, (_, index) => desk.ask(`pvc/${index}`, 'x'));
  await assert.rejects(asked[8] ?? Promise.resolve(), /too much is asked/);
  gate.resolve();
  await Promise.all(asked.slice(0, 8));
  assert.equal(await desk.ask('pvc/8', 'x'), FINE);
});
