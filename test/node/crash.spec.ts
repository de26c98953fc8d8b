/**
 * SIGKILL of the node before and after every host command of every call. Another process then repeats the call: it must
 * succeed, with the right state, no mount twice and no attachment left.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Node } from '../../src/csi/gen/csi_pb.js';
import type { Client } from '../support/grpc-client.ts';
import { until } from '../support/until.ts';
import { CrashingNodes, type Death } from './crashing-node.ts';
import { type Claim, capability, type Fixture, type Kind, run, SIZES, startFixture } from './fixture.ts';

type Call = (client: Client<typeof Node>) => Promise<unknown>;

/** One call, prepared by a process that lives. */
interface Deed {
  readonly name: string;
  prepare(fixture: Fixture, claim: Claim): Promise<Call>;
  /** Mounts at the staging path and at the target once it is done, and attachments. */
  readonly end: { readonly staged: boolean; readonly published: boolean };
}

const CONTENT = 'what must not be lost';

async function stage({ node }: Fixture, claim: Claim): Promise<Call> {
  const request = node.stageRequest(claim, await node.controllerPublish(claim));
  return (client) => client.nodeStageVolume(request);
}

/** Writes something through a first mount, so that a stage that formats again would be seen. */
async function use(fixture: Fixture, claim: Claim): Promise<void> {
  const { node } = fixture;
  await node.stage(claim);
  if (claim.kind !== 'block') writeFileSync(join(node.stagingPath(claim), 'content'), CONTENT, { flush: true });
}

const DEEDS: readonly Deed[] = [
  { name: 'first stage', prepare: stage, end: { staged: true, published: false } },
  {
    name: 'stage of what holds data',
    async prepare(fixture, claim) {
      await use(fixture, claim);
      await fixture.node.unstage(claim);
      return stage(fixture, claim);
    },
    end: { staged: true, published: false },
  },
  {
    name: 'publish read-only',
    async prepare(fixture, claim) {
      await use(fixture, claim);
      const request = fixture.node.publishRequest(claim, 'pod', capability(claim.kind), true);
      return (client) => client.nodePublishVolume(request);
    },
    end: { staged: true, published: true },
  },
  {
    name: 'expand',
    async prepare(fixture, claim) {
      const { node, controller } = fixture;
      await use(fixture, claim);
      await node.client.nodePublishVolume(node.publishRequest(claim));
      // Growing ext4 needs a capability that not every machine gives; at its own size nothing is left to do.
      const requiredBytes = claim.kind === 'ext4' ? SIZES.ext4 : SIZES[claim.kind] * 2n;
      const capacityRange = { requiredBytes };
      await controller.controllerExpandVolume({ volumeId: claim.volumeId, capacityRange });
      const request = { volumeId: claim.volumeId, volumePath: node.targetPath(claim), capacityRange };
      return (client) => client.nodeExpandVolume(request);
    },
    end: { staged: true, published: true },
  },
  {
    name: 'unpublish',
    async prepare(fixture, claim) {
      const { node } = fixture;
      await use(fixture, claim);
      await node.client.nodePublishVolume(node.publishRequest(claim));
      const request = { volumeId: claim.volumeId, targetPath: node.targetPath(claim) };
      return (client) => client.nodeUnpublishVolume(request);
    },
    end: { staged: true, published: false },
  },
  {
    name: 'unstage',
    async prepare(fixture, claim) {
      await use(fixture, claim);
      const request = { volumeId: claim.volumeId, stagingTargetPath: fixture.node.stagingPath(claim) };
      return (client) => client.nodeUnstageVolume(request);
    },
    end: { staged: false, published: false },
  },
];

function check(fixture: Fixture, claim: Claim, { name, end }: Deed): void {
  const { node, loops } = fixture;
  const at = (path: string) => node.mounts().filter(({ mountPoint }) => mountPoint === path).length;
  const isMount = end.staged && claim.kind !== 'block';
  assert.equal(at(node.stagingPath(claim)), isMount ? 1 : 0, 'mounts at the staging path');
  assert.equal(at(node.targetPath(claim)), end.published ? 1 : 0, 'mounts at the target');
  assert.equal(loops.attachments.length, end.staged ? 1 : 0, 'attachments');
  if (isMount && name !== 'first stage') {
    assert.equal(readFileSync(join(node.stagingPath(claim), 'content'), 'utf8'), CONTENT);
  }
}

async function farewell({ node, loops, controller }: Fixture, claim: Claim): Promise<void> {
  await node.unmount(claim);
  assert.deepEqual([node.mounts(), loops.attachments], [[], []], 'after unpublish and unstage');
  await controller.deleteVolume({ volumeId: claim.volumeId });
}

/** Every command, but of many equal ones in a row only the first and the last. */
function turns(commands: readonly string[]): number[] {
  return commands.flatMap((name, index) =>
    name === commands[index - 1] && name === commands[index + 1] ? [] : [index + 1],
  );
}

async function startNodes(fixture: Fixture): Promise<CrashingNodes> {
  const directory = join(fixture.node.directory, 'crashing');
  mkdirSync(directory);
  const nodes = new CrashingNodes(directory, [
    '--node-name',
    'node-1',
    '--state-dir',
    join(fixture.node.directory, 'state'),
    '--attach',
    'loop',
    '--simulator-api',
    fixture.simulator.apiSocket,
    '--unstage-patience',
    '1',
  ]);
  fixture.onStop(() => nodes.stop());
  return nodes;
}

for (const kind of ['ext4', 'xfs', 'block'] as const satisfies readonly Kind[]) {
  test(`the node is killed at every command: ${kind}`, { timeout: 240_000 }, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const nodes = await startNodes(fixture);
    let cells = 0;
    // Binds are the same for both filesystems.
    const deeds = kind === 'xfs' ? DEEDS.filter(({ name }) => /stage|expand/.test(name)) : DEEDS;
    for (const deed of deeds) {
      const first = await fixture.claim(kind);
      const { commands } = await nodes.run(await deed.prepare(fixture, first), undefined);
      check(fixture, first, deed);
      await farewell(fixture, first);
      for (const at of turns(commands)) {
        for (const when of ['before', 'after'] as const) {
          await cell(fixture, nodes, kind, deed, { at, when, commands });
          cells += 1;
        }
      }
    }
    assert.ok(cells >= (kind === 'block' ? 4 : 30), `only ${cells} cells`);
    t.diagnostic(`node killed at every command, ${kind}: ${cells} cells, 0 failed`);
  });
}

test('mkfs dies with the node that began it, and another process begins it again', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const nodes = await startNodes(fixture);
  const claim = await fixture.claim('ext4');
  const call = await stage(fixture, claim);
  const note = join(fixture.node.directory, 'mkfs');
  // It has written something, and would go on forever.
  nodes.replace(
    'mkfs.ext4',
    [
      'for device; do :; done',
      'printf half | /usr/bin/dd of="$device" bs=1 seek=5000 conv=notrunc status=none',
      `echo $$ > ${note}.part && mv ${note}.part ${note}`,
      'exec /usr/bin/tail -f /dev/null',
    ].join('\n'),
  );
  const { child, client } = await nodes.take();
  fixture.onStop(() => child.kill('SIGKILL'));
  const lost = assert.rejects(call(client), { code: 14 });
  await until(async () => existsSync(note));
  child.kill('SIGKILL');
  await lost;
  client.close();
  const pid = readFileSync(note, 'utf8').trim();
  await until(async () => /State:\s+Z/.test(statusOf(pid)));
  await call(fixture.node.client);
  assert.equal(fixture.node.mounts().length, 1);
  await farewell(fixture, claim);
});

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return 'State: Z';
  }
}

async function cell(
  fixture: Fixture,
  nodes: CrashingNodes,
  kind: Kind,
  deed: Deed,
  death: Death & { readonly commands: readonly string[] },
): Promise<void> {
  const where = `${deed.name}, killed ${death.when} command ${death.at}, ${death.commands[death.at - 1]}`;
  try {
    const claim = await fixture.claim(kind);
    const call = await deed.prepare(fixture, claim);
    const { died } = await nodes.run(call, death);
    assert.ok(died, 'the process was to be killed');
    await call(fixture.node.client);
    check(fixture, claim, deed);
    await farewell(fixture, claim);
  } catch (error) {
    const left = run('sh', '-c', 'losetup --all; grep rose-csi-node /proc/self/mountinfo || true');
    throw new Error(`${where}\n${left}`, { cause: error });
  }
}
