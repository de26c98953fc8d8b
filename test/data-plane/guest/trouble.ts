/** The node guest, scenario two: an RDS that goes away and comes back, and hosts that must not get in. */
import { until } from '../../support/until.ts';
import { Cluster, MiB, storageConfiguration } from './cluster.ts';
import { holds, records, Writer, write } from './content.ts';
import { fenced } from './fence.ts';
import { connect, connected } from './hands.ts';
import { joinNetwork, traces } from './machine.ts';
import { recordedError } from './recorded-error.ts';
import { check, refusal, scenario, step } from './report.ts';
import { sh } from './shell.ts';
import { ask, STORAGE_ADDRESS } from './wire.ts';

const SIZE = 128 * MiB;
/** How long the target is gone, in ms: longer than the pause between two attempts to reconnect. */
const OUTAGE_MS = 3_000;
const NEIGHBOUR = 'nqn.2026-11.example:neighbour';
const STRANGER = 'nqn.2014-08.org.nvmexpress:uuid:99999999-2222-4333-8444-555555555555';

/** Whether a host gets in. */
function getsIn(target: Record<string, string>, nodeId: string): boolean {
  try {
    connect(target, nodeId);
    return true;
  } catch {
    return false;
  }
}

async function outages(cluster: Cluster): Promise<void> {
  const volume = await step('create and mount', async () => cluster.mount(await cluster.create('ext4', SIZE)));
  write(volume, 'steady');
  const writer = new Writer(volume, 'trouble');
  await writer.more(5);
  await step('the target is gone for seconds in the middle of writes', async () => {
    await ask('unplug');
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    await ask('plug');
    await writer.more(5);
  });
  await step('the RDS is rebooted in the middle of writes', async () => {
    await ask('stopRds');
    await ask('startRds');
    await writer.more(5);
  });
  await writer.stop();
  check('no write was lost', records(volume, 'trouble') >= writer.synced && holds(volume, 'steady'));
  await step('unmount', () => cluster.unmount(volume));
  check(`nothing hangs on the node: ${traces().join(', ')}`, traces().length === 0);
  const again = await step('mount again', () => cluster.mount(volume));
  check('the data is as it was', holds(again, 'steady') && records(again, 'trouble') >= writer.synced);
  sh('sync');
  const well = (await cluster.conditions(again)).join(', ');
  check(`a volume that works has no condition: ${well}`, well === '');
  await step('the RDS is gone for good', () => ask('stopRds'));
  const lost = async () => (await refusal(cluster.measure(again))).includes('[NODE-LOST]');
  await step('the kernel notices', () => until(lost, 60_000));
  const asked = Date.now();
  check('statistics of a lost RDS are refused', await lost());
  check('and at once', Date.now() - asked < 2_000);
  const found = (await cluster.conditions(again)).join(', ');
  const wanted = `volume ConnectionLost, storage ConnectionLost ${STORAGE_ADDRESS}:4420`;
  check(`the volume is reported, and its storage: ${found}`, found === wanted);
  await step('unstage with the RDS gone', () => cluster.detach(again));
  check(`nothing hangs on the node: ${traces().join(', ')}`, traces().length === 0);
  await step('the RDS is back', () => ask('startRds'));
  await cluster.unpublish(again);
  await cluster.delete(again);
}

async function gates(cluster: Cluster): Promise<void> {
  const claim = await cluster.create('ext4', SIZE);
  const target = await cluster.publish(claim);
  await cluster.controller.controllerUnpublishVolume({ volumeId: claim.id, nodeId: cluster.nodeId });
  check('what is not published lets no one in', !getsIn(target, cluster.nodeId));
  const reason = await step('stage what is not published', () => refusal(cluster.attach(claim, target)));
  check(`it is refused: ${reason.slice(0, 120)}`, reason.includes('[NODE-CONNECT]'));
  check('and leaves no connection', !connected().includes(target['nqn'] ?? ''));
  await cluster.delete(claim);
}

async function allowList(): Promise<void> {
  const cluster = await step('start again, with the allow-list on', async () =>
    Cluster.start('node-2', await storageConfiguration(true)),
  );
  const claim = await cluster.create('ext4', SIZE);
  const target = await cluster.publish(claim);
  check('a host of another name is refused', !getsIn(target, STRANGER));
  check('the right host gets in', getsIn(target, cluster.nodeId));
  sh(`nvme disconnect -n ${target['nqn']}`);
  await cluster.controller.controllerUnpublishVolume({ volumeId: claim.id, nodeId: cluster.nodeId });
  await cluster.delete(claim);
  await cluster.stop();
}

await scenario('trouble', async () => {
  await step('network', joinNetwork);
  await ask('neighbour', NEIGHBOUR);
  connect({ address: STORAGE_ADDRESS, port: '4420', nqn: NEIGHBOUR }, STRANGER);
  const cluster = await step('start the controller', () => Cluster.start('node-1'));
  await gates(cluster);
  check('the neighbour is still connected', connected().includes(NEIGHBOUR));
  sh(`nvme disconnect -n ${NEIGHBOUR}`);
  await ask('neighbour', '');
  await fenced(cluster);
  await recordedError(cluster);
  await outages(cluster);
  await cluster.stop();
  await allowList();
  check('nothing is left in the pool', (await ask<string[]>('subvolumes')).length === 0);
  check(`nothing is left on the node: ${traces().join(', ')}`, traces().length === 0);
  await ask('quit');
});
