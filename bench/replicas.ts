import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { openBackends } from '../src/app/backends.ts';
import { replicaPairs } from '../src/app/replicators.ts';
import { loadConfig } from '../src/config/load.ts';
import { createLogger } from '../src/observability/log.ts';
import { ros, type Script } from '../src/routeros/index.ts';
import { identity } from '../src/storage/ids.ts';
import { SILENT } from '../src/storage/replication/observer.ts';
import { Replicator } from '../src/storage/replication/replicator.ts';
import { type Scrape, scrape } from '../test/metrics/scrape.ts';
import { MiB } from '../test/support/calls.ts';
import { RECEIVER } from '../test/support/exchange-keys.ts';
import { converse } from './floor.ts';
import { createVolume } from './lifecycle.ts';
import { memoryMb } from './process.ts';
import { replicaBytes } from './replica-bytes.ts';
import { COPIED_WITHIN_MS, type ReplicaRig, withReplicaRig } from './replica-rig.ts';
import { BACKEND } from './rig.ts';
import type { ReplicaLagRow, Row } from './rows.ts';
import type { Section, Setting } from './section.ts';
import { median, round, samples, timed } from './statistics.ts';

const LATENCY_MS = 5;
const CALLERS = 16;
const LABELS = { backend: BACKEND, pool: 'pool' };
/** Between two readings of memory and lag, in ms. */
const READ_MS = 200;

/** Copies on a second RDS: what is sent, how long many snapshots take, and what the controller needs for that. */
export const replicas: Section = {
  name: 'replicas',
  about: 'copies on a second RDS: bytes (needs root and btrfs-progs), lag of 100 snapshots, memory',
  async run(setting) {
    const lag = await measureLag(setting);
    return [...(await replicaBytes(setting)), lag] satisfies Row[];
  },
};

async function measureLag({ program, other, quick, progress }: Setting): Promise<ReplicaLagRow> {
  const snapshots = quick ? 10 : 100;
  const pool = (label: string) => ['--pool', `label=${label},size=1T`];
  const show = (done: number) => progress(`lag of ${snapshots} snapshots`, done, snapshots);
  const measured = await withReplicaRig({ program, controller: program, latencyMs: LATENCY_MS, pool }, async (rig) => {
    const copying = await copyAtOnce(rig, snapshots, show);
    return { ...copying, ...(await passesWhenCopied(rig, quick)), byHandP50: await transferByHand(rig, quick) };
  });
  if (other === undefined) return { kind: 'replica-lag', snapshots, latencyMs: LATENCY_MS, ...measured };
  const theirs = await withReplicaRig({ program, controller: other, latencyMs: LATENCY_MS, pool }, (rig) =>
    copyAtOnce(rig, snapshots, show),
  );
  return { kind: 'replica-lag', snapshots, latencyMs: LATENCY_MS, ...measured, otherAllMs: theirs.allMs };
}

/** Makes a volume and a snapshot each, the snapshots all at once, and waits for the copies. */
async function copyAtOnce(rig: ReplicaRig, count: number, show: (done: number) => void) {
  const { controller, driver, metricsPort } = rig;
  const volumes: string[] = [];
  const make = async () => volumes.push(await createVolume(rig, { parameters: { backend: BACKEND } }, MiB));
  const snap = async (index: number) => {
    const sourceVolumeId = volumes[index] ?? assert.fail('no volume');
    await controller.createSnapshot({ name: `snap-${randomUUID()}`, sourceVolumeId });
  };
  await inTurn(count, make);
  // A controller that has just begun removes nothing for seconds, and so no row of a transfer.
  await snap(0);
  await rig.copied(1);
  const readings: { readonly rssMb: number; readonly lag: number }[] = [];
  const read = async () => {
    const lag = (await scrape(metricsPort)).value('replicaLag', LABELS) ?? 0;
    readings.push({ rssMb: await memoryMb(driver.pid, 'VmRSS'), lag });
  };
  const before = await scrape(metricsPort);
  const rssBeforeMb = round(await memoryMb(driver.pid, 'VmRSS'));
  const execsBefore = await rig.execs();
  await inTurn(count, snap);
  const begin = Date.now();
  for (let done = 0; done < count; done = rig.copies().length - 1) {
    show(done);
    assert.ok(Date.now() - begin < COPIED_WITHIN_MS, `${done} of ${count} snapshots were copied`);
    await read();
    await pause(READ_MS);
  }
  const times = rig.copies().map(({ time }) => time);
  const after = await scrape(metricsPort);
  return {
    allMs: Math.max(...times) - begin,
    eachP50: median(times.slice(1).map((time, index) => time - (times[index] ?? time))),
    maxLagSeconds: round(Math.max(...readings.map(({ lag }) => lag))),
    passes: passesOf(after) - passesOf(before),
    // One is that of CreateSnapshot.
    execsEach: round(((await rig.execs()) - execsBefore) / count - 1),
    rssBeforeMb,
    rssMostMb: round(Math.max(...readings.map(({ rssMb }) => rssMb))),
  };
}

function passesOf(found: Scrape): number {
  return found.value('replicaPasses', { ...LABELS, outcome: 'done' }) ?? 0;
}

/** Does something so many times, some at once. */
async function inTurn(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const caller = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

/** What a pass takes that finds nothing to do, made in this process. */
async function passesWhenCopied(rig: ReplicaRig, quick: boolean) {
  const config = await loadConfig(rig.configFile);
  const { owners } = identity(config.driverName, config.clusterId, []);
  const backends = openBackends(config.backends, { owners, logger: createLogger('fatal') });
  try {
    const [pair] = replicaPairs(config.backends, backends);
    const replicator = new Replicator(pair ?? assert.fail('no pair'), { backends, observer: SILENT });
    const pass = () => replicator.pass({ signal: AbortSignal.timeout(60_000) });
    await pass();
    const before = await rig.execs();
    const n = quick ? 5 : 20;
    const times = await samples(n, pass);
    // The controller may make one of its own meanwhile, every minute.
    return { idlePassP50: round(median(times)), idlePassExecs: Math.round(((await rig.execs()) - before) / n) };
  } finally {
    await Promise.all(backends.map(({ rds }) => rds.close()));
  }
}

/** Sends what a volume holds as an administrator does: one row, looked at until it is done. */
async function transferByHand(rig: ReplicaRig, quick: boolean): Promise<number> {
  const [, far] = (await loadConfig(rig.configFile)).backends;
  const volume = (await rig.nearApi.pools())[0]?.subvolumes.find((name) => name.startsWith('pvc-'));
  assert.ok(far !== undefined && volume !== undefined);
  const routerOs = converse(rig.near);
  const write = (script: Script) => routerOs.run(script, { kind: 'write' });
  try {
    const times: number[] = [];
    for (let index = 0; index < (quick ? 3 : 10); index += 1) {
      const name = `by-hand-${index}`;
      await write(ros`/disk/btrfs/subvolume/add fs="pool" parent=${volume} name=${name} read-only=yes`);
      times.push(await timed(() => write(transferOf(name, far.ssh.port))));
    }
    return round(median(times));
  } finally {
    await routerOs.close();
  }
}

function transferOf(name: string, port: number): Script {
  return ros`:local xI [/disk/btrfs/transfer/add type=send fs="pool" send-subvolumes=${name} ssh-address="127.0.0.1" ssh-port=${port} ssh-user=${RECEIVER} ssh-receive-mount="copies"];
    :local xC 0;
    :while ([/disk/btrfs/transfer/get $xI status]!="done" && $xC<1000) do={:set xC ($xC+1); :delay 5ms};
    :if ([/disk/btrfs/transfer/get $xI status]!="done") do={:error [/disk/btrfs/transfer/get $xI status]};
    /disk/btrfs/transfer/remove $xI`;
}
