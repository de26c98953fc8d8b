import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { nodeIdOf } from '../../src/storage/ids.ts';
import { CASES } from '../../src/why/cases.fixture.ts';
import { gather } from '../../src/why/gather.ts';
import {
  CREATING,
  DRIVER,
  event,
  healthy,
  NOW,
  PV,
  pod,
  rpcError,
  unbound,
  volume,
} from '../../src/why/objects.fixture.ts';
import { RULES } from '../../src/why/rules/index.ts';
import { parseSubject } from '../../src/why/subject.ts';
import { publish } from '../support/calls.ts';
import { GiB, volumeRequest } from '../support/requests.ts';
import { CLUSTER_ID, startStack } from '../support/stack.ts';
import { startCommandFixture } from './command-fixture.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/why.md'), 'utf8');

/** The examples of the page, each without its first line, which is the command. */
const EXAMPLES = [...PAGE.matchAll(/```console\n\$ (.*)\n([\s\S]*?)```/g)].map(([, command = '', output = '']) => ({
  command,
  output,
}));

test('the first example is what the command prints', async (t) => {
  const message =
    `failed to provision volume with StorageClass "rds": ${rpcError('RC-SPACE', '5368709120 of 21474836480')}`.replace(
      'Unknown',
      'ResourceExhausted',
    );
  const { run } = await startCommandFixture(
    t,
    unbound().put('events', event('PersistentVolumeClaim', 'data', 'ProvisioningFailed', message)),
  );
  const { stdout } = await run('data', '-n', 'apps');
  assert.deepEqual(EXAMPLES[0], { command: 'rose-csi why data -n apps', output: stdout });
});

test('the second example is what the command prints', async (t) => {
  const stack = await startStack(t);
  const made = await stack.controller.createVolume(volumeRequest(PV, 10n * GiB));
  const volumeId = made.volume?.volumeId ?? assert.fail();
  await publish(stack.controller, volumeId, nodeIdOf(CLUSTER_ID, 'node-b'));
  const objects = healthy()
    .put('persistentvolumes', volume({ spec: { csi: { driver: DRIVER, volumeHandle: volumeId } } }))
    .remove('volumeattachments', 'csi-node-a')
    .put('pods', pod('db-0', 'node-a', { status: CREATING }));
  const { run } = await startCommandFixture(t, objects);
  const { stdout } = await run('data', '-n', 'apps', '--config', stack.configFile);
  // The generation of a record is random.
  const output = stdout.replace(/rose:2 [0-9a-f]{8}/, 'rose:2 5e6f7a8b');
  assert.deepEqual(EXAMPLES[1], { command: 'rose-csi why data -n apps --config rose-csi.yaml', output });
});

test('the table lists exactly the rules, in their order and with what they notice', () => {
  const rows = [...PAGE.matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm)].map(([, id, notices]) => ({ id, notices }));
  assert.deepEqual(
    rows,
    RULES.map(({ id, notices }) => ({ id, notices })),
  );
});

test('the ClusterRole allows exactly what is asked for', async () => {
  const { rules } = parse(/```yaml\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '') as {
    rules: readonly { readonly apiGroups: string[]; readonly resources: string[]; readonly verbs: string[] }[];
  };
  const allowed = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}.${group}`))),
  );
  const asked = new Set<string>();
  for (const { objects, subject = 'pvc/data' } of CASES) {
    const reader = objects.reader();
    const options = { subject: parseSubject(subject, 'apps'), driver: DRIVER, backends: undefined, now: NOW };
    await gather(
      {
        get(kind, name, namespace) {
          asked.add(`get ${kind.plural}.${kind.group}`);
          return reader.get(kind, name, namespace);
        },
        list(kind, where) {
          asked.add(`list ${kind.plural}.${kind.group}`);
          return reader.list(kind, where);
        },
      },
      options,
    );
  }
  assert.deepEqual([...asked].toSorted(), allowed.toSorted());
});
