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
import { type Claim, capability, type Kind, run, type Scene, SIZES, startScene } from './scene.ts';

type Call = (client: Client<typeof Node>) => Promise<unknown>;

/** One call, prepared by a process that lives. */
interface Deed {
  readonly name: string;
  prepare(scene: Scene, claim: Claim): Promise<Call>;
  /** Mounts at the staging path and at the target once it is done, and attachments. */
  readonly end: { readonly staged: boolean; readonly published: boolean };
}

const CONTENT = 'what must not be lost';

async function stage({ node }: Scene, claim: Claim): Promise<Call> {
  const request = node.stageRequest(claim, await node.controllerPublish(claim));
  return (client) => client.nodeStageVolume(request);
}

/** Writes something through a first mount, so that a stage that formats again would be seen. */
async function use(scene: Scene, claim: Claim): Promise<void> {
  const { node } = scene;
  await node.stage(claim);
  if (claim.kind !== 'block') writeFileSync(join(node.stagingPath(claim), 'content'), CONTENT, { flush: true });
}

const DEEDS: readonly Deed[] = [
  { name: 'first stage', prepare: stage, end: { staged: true, published: false } },
  {
    name: 'stage of what holds data',
    async prepare(scene, claim) {
      await use(scene, claim);
      await scene.node.unstage(claim);
      return stage(scene, claim);
    },
    end: { staged: true, published: false },
  },
  {
    name: 'publish read-only',
    async prepare(scene, claim) {
      await use(scene, claim);
      const request = scene.node.publishRequest(claim, 'pod', capability(claim.kind), true);
      return (client) => client.nodePublishVolume(request);
    },
    end: { staged: true, published: true },
  },
  {
    name: 'expand',
    async prepare(scene, claim) {
      const { node, controller } = scene;
      await use(scene, claim);
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
    async prepare(scene, claim) {
      const { node } = scene;
      await use(scene, claim);
      await node.client.nodePublishVolume(node.publishRequest(claim));
      const request = { volumeId: claim.volumeId, targetPath: node.targetPath(claim) };
      return (client) => client.nodeUnpublishVolume(request);
    },
    end: { staged: true, published: false },
  },
  {
    name: 'unstage',
    async prepare(scene, claim) {
      await use(scene, claim);
      const request = { volumeId: claim.volumeId, stagingTargetPath: scene.node.stagingPath(claim) };
      return (client) => client.nodeUnstageVolume(request);
    },
    end: { staged: false, published: false },
  },
];

function check(scene: Scene, claim: Claim, { name, end }: Deed): void {
  const { node, loops } = scene;
  const at = (path: string) => node.mounts().filter(({ mountPoint }) => mountPoint === path).length;
  const isMount = end.staged && claim.kind !== 'block';
  assert.equal(at(node.stagingPath(claim)), isMount ? 1 : 0, 'mounts at the staging path');
  assert.equal(at(node.targetPath(claim)), end.published ? 1 : 0, 'mounts at the target');
  assert.equal(loops.attachments.length, end.staged ? 1 : 0, 'attachments');
  if (isMount && name !== 'first stage') {
    assert.equal(readFileSync(join(node.stagingPath(claim), 'content'), 'utf8'), CONTENT);
  }
}

async function farewell({ node, loops, controller }: Scene, claim: Claim): Promise<void> {
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

async function startNodes(scene: Scene): Promise<CrashingNodes> {
  const directory = join(scene.node.directory, 'crashing');
  mkdirSync(directory);
  const nodes = new CrashingNodes(directory, [
    '--node-name',
    'node-1',
    '--state-dir',
    join(scene.node.directory, 'state'),
    '--attach',
    'loop',
    '--simulator-api',
    scene.simulator.apiSocket,
    '--unstage-patience',
    '1',
  ]);
  scene.onStop(() => nodes.stop());
  return nodes;
}

for (const kind of ['ext4', 'xfs', 'block'] as const satisfies readonly Kind[]) {
  test(`the node is killed at every command: ${kind}`, { timeout: 240_000 }, async (t) => {
    const scene = await startScene(t);
    if (scene === undefined) return;
    const nodes = await startNodes(scene);
    let cells = 0;
    // Binds are the same for both filesystems.
    const deeds = kind === 'xfs' ? DEEDS.filter(({ name }) => /stage|expand/.test(name)) : DEEDS;
    for (const deed of deeds) {
      const first = await scene.claim(kind);
      const { commands } = await nodes.run(await deed.prepare(scene, first), undefined);
      check(scene, first, deed);
      await farewell(scene, first);
      for (const at of turns(commands)) {
        for (const when of ['before', 'after'] as const) {
          await cell(scene, nodes, kind, deed, { at, when }, commands);
          cells += 1;
        }
      }
    }
    assert.ok(cells >= (kind === 'block' ? 4 : 30), `only ${cells} cells`);
    t.diagnostic(`node killed at every command, ${kind}: ${cells} cells, 0 failed`);
  });
}

test('mkfs dies with the node that began it, and another process begins it again', async (t) => {
  const scene = await startScene(t);
  if (scene === undefined) return;
  const nodes = await startNodes(scene);
  const claim = await scene.claim('ext4');
  const call = await stage(scene, claim);
  const note = join(scene.node.directory, 'mkfs');
  // It has written something, and would go on for ever.
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
  scene.onStop(() => child.kill('SIGKILL'));
  const lost = assert.rejects(call(client), { code: 14 });
  await until(async () => existsSync(note));
  child.kill('SIGKILL');
  await lost;
  client.close();
  const pid = readFileSync(note, 'utf8').trim();
  await until(async () => /State:\s+Z/.test(statusOf(pid)));
  await call(scene.node.client);
  assert.equal(scene.node.mounts().length, 1);
  await farewell(scene, claim);
});

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return 'State: Z';
  }
}

async function cell(
  scene: Scene,
  nodes: CrashingNodes,
  kind: Kind,
  deed: Deed,
  death: Death,
  commands: readonly string[],
): Promise<void> {
  const where = `${deed.name}, killed ${death.when} command ${death.at}, ${commands[death.at - 1]}`;
  try {
    const claim = await scene.claim(kind);
    const call = await deed.prepare(scene, claim);
    const { died } = await nodes.run(call, death);
    assert.ok(died, 'the process was to be killed');
    await call(scene.node.client);
    check(scene, claim, deed);
    await farewell(scene, claim);
  } catch (error) {
    const left = run('sh', '-c', 'losetup --all; grep rose-csi-node /proc/self/mountinfo || true');
    throw new Error(`${where}\n${left}`, { cause: error });
  }
}
