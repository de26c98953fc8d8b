import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../config/schema.ts';
import { Reading } from './reading.ts';

test('a thread that fails ends what it was asked with the reason, and the next question begins another one', async (t) => {
  // Without backends to open, which a configuration always has, it ends before it answers anything.
  const reading = new Reading({ config: {} as Config, flags: { config: 'rose-csi.yaml', deviceOnly: true } });
  t.after(() => reading.close());
  const asked = await Promise.allSettled([reading.read(), reading.why('pvc/data', 'apps')]);
  assert.deepEqual(
    asked.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await assert.rejects(reading.read(), TypeError);
});

test('one that is closed answers nothing any more, and can be closed again', async () => {
  const config = { driverName: 'd', clusterId: 'c', adoptedClusterIds: [], backends: [] } as unknown as Config;
  const reading = new Reading({ config, flags: { config: 'rose-csi.yaml', deviceOnly: true } });
  assert.deepEqual(JSON.parse(new TextDecoder().decode(await reading.read())).backends, []);
  await assert.rejects(reading.why('pvc/data', 'apps'), /--device-only/);
  const asked = assert.rejects(reading.read(), /has ended/);
  await reading.close();
  await asked;
  await reading.close();
});
