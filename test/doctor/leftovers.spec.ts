import assert from 'node:assert/strict';
import { test } from 'node:test';
import { change, look, slots } from '../support/console.ts';
import { startExaminedRds } from './rds.ts';

test('the command for a scratch disk with a slot of its own removed the disk that had the slot later', async (t) => {
  const { simulator, examine } = await startExaminedRds(t);
  const scratch = 'rose-doctor-0123456789ab-0';
  const add = (name: string) =>
    change(simulator, `/disk add type=file slot=file1 file-path="pool/${name}/volume.img" file-size=1M`);
  for (const name of [scratch, 'photos']) await change(simulator, `/disk/btrfs/subvolume add fs=pool name=${name}`);
  await add(scratch);
  const { backends } = await examine({ only: ['leftovers'] });
  const lines = backends.flatMap(({ findings }) => findings.flatMap((finding) => finding.lines ?? []));
  const command = lines.find((line) => line.includes('/disk remove'))?.trim() ?? assert.fail(lines.join('\n'));
  await change(simulator, command);
  assert.deepEqual(await slots(simulator), [], 'the scratch disk is gone');
  await add('photos');
  await look(simulator, command);
  assert.deepEqual(await slots(simulator), ['file1']);
});
