import { readFileSync } from 'node:fs';
import { type RouterOsConsole, ros } from '../../../src/routeros/index.ts';
import { states } from '../../data-plane/guest/hands.ts';
import { step } from '../../data-plane/guest/report.ts';
import { sh } from '../../data-plane/guest/shell.ts';
import { until } from '../../support/until.ts';
import { SCRATCH_BYTES, ScratchItem } from '../scratch-item.ts';
import { answer, restartDevice } from './answer.ts';
import type { InitiatorPlan } from './plan.ts';
import { attach, detach, getsIn, HOST, STRANGER, uuidOf } from './reach.ts';

/** How long a change may take to be seen, in ms. */
const SEEN_MS = 10_000;
/** How long the device may take to offer an export again after a restart, in ms. */
const BACK_MS = 120_000;

/** What an initiator sees of an item that changes under it: U20, U14, U23, and with a restart U17. */
export async function exported(console: RouterOsConsole, plan: InitiatorPlan): Promise<void> {
  const item = new ScratchItem(console, plan);
  try {
    await item.make();
    await item.export();
    await step('U20: hosts of an allow-list, and others', () => allowList(item, plan));
    await step('U14: growth under a connection', () => growth(item, plan));
    await step('U23: the export off and on', () => offAndOn(item, plan));
    if (plan.restarts) await step('U17, U23: a restart of the device', () => restart(item, plan));
    await step('U14: the export ends under a connection', () => removal(item, plan));
  } finally {
    await item.remove();
  }
}

async function allowList(item: ScratchItem, plan: InitiatorPlan): Promise<void> {
  const tell = (verdict: 'fits' | 'differs', device: string) =>
    answer({ unknown: 'U20', source: 'initiator', verdict, device });
  const letsIn = async (list: string) => {
    await item.set(ros`nvme-tcp-server-allow-host-name=${list}`);
    return { ours: getsIn(plan, item.nqn, HOST), stranger: getsIn(plan, item.nqn, STRANGER) };
  };
  const say = ({ ours, stranger }: { ours: boolean; stranger: boolean }) =>
    `a host on it ${ours ? 'gets in' : 'is kept out'}, another ${stranger ? 'gets in' : 'is kept out'}`;
  const one = await letsIn(HOST);
  const isRight = one.ours && !one.stranger;
  let several: string;
  try {
    const two = await letsIn(`nqn.2014-08.org.nvmexpress:uuid:11111111-2222-4333-8444-555555555555,${HOST}`);
    several = `with two, ${say(two)}`;
  } catch (error) {
    several = `two are refused: ${String(error).split('\n')[0]?.slice(0, 120)}`;
  }
  tell(isRight ? 'fits' : 'differs', `with one host NQN, ${say(one)}; ${several}`);
  await item.set(ros`nvme-tcp-server-allow-host-name=""`);
}

async function growth(item: ScratchItem, plan: InitiatorPlan): Promise<void> {
  const device = await attach(plan, item.nqn);
  const grown = 2n * SCRATCH_BYTES;
  const seen = () => isSeen(async () => bytesOf(device) === grown);
  let said: string;
  try {
    await item.set(ros`file-size=${grown}`);
    if (await seen()) {
      said = 'the new size is seen without a rescan';
    } else {
      sh(`nvme ns-rescan /dev/${controllerOf(device)}`);
      said = (await seen()) ? 'the new size is seen after a rescan' : 'the new size is not seen, also after a rescan';
    }
  } catch (error) {
    said = `growth is refused while a host is connected: ${String(error).split('\n')[0]?.slice(0, 120)}`;
  }
  detach(item.nqn);
  const verdict = said.includes('without a rescan') ? 'fits' : 'differs';
  answer({ unknown: 'U14', source: 'initiator', verdict, device: `growth: ${said}` });
}

async function removal(item: ScratchItem, plan: InitiatorPlan): Promise<void> {
  await attach(plan, item.nqn);
  await item.withdraw();
  const isOut = await isSeen(async () => !states(item.nqn).includes('live'));
  const state = states(item.nqn).join(', ') || 'gone';
  detach(item.nqn);
  const device = isOut
    ? `an export that ends: the connection is ${state}`
    : 'an export that ends: the connection stays live';
  answer({ unknown: 'U14', source: 'initiator', verdict: isOut ? 'fits' : 'differs', device });
}

async function offAndOn(item: ScratchItem, plan: InitiatorPlan): Promise<void> {
  const before = await uuidOnce(item, plan);
  await item.withdraw();
  await item.export();
  const after = await uuidOnce(item, plan);
  tellUuid('initiator', 'export off and on', before, after);
}

async function restart(item: ScratchItem, plan: InitiatorPlan): Promise<void> {
  const before = await uuidOnce(item, plan);
  await restartDevice();
  const isExported = await item.property('nvme-tcp-export');
  const nqn = await item.property('nvme-tcp-server-nqn');
  const shown = `exported: ${isExported}, NQN ${nqn === item.nqn ? 'as before' : nqn || 'not shown'}`;
  const isBack = await isSeen(async () => getsIn(plan, item.nqn, HOST), BACK_MS);
  const device = `after a restart ${shown}; a host ${isBack ? 'connects' : 'does not connect'}`;
  answer({ unknown: 'U17', source: 'reboot', verdict: isBack ? 'fits' : 'differs', device });
  if (isBack) tellUuid('reboot', 'a restart', before, await uuidOnce(item, plan));
}

function tellUuid(source: 'initiator' | 'reboot', over: string, before: string, after: string): void {
  const verdict = before === after ? 'fits' : 'differs';
  const device = `${before === after ? 'the same' : 'another one'} after ${over}`;
  answer({ unknown: 'U23', source, verdict, device: before === 'none' ? 'the namespace has none' : device });
}

async function uuidOnce(item: ScratchItem, plan: InitiatorPlan): Promise<string> {
  const uuid = uuidOf(await attach(plan, item.nqn));
  detach(item.nqn);
  return uuid;
}

/** Whether something comes to be in time. */
async function isSeen(condition: () => Promise<boolean>, timeoutMs = SEEN_MS): Promise<boolean> {
  return await until(condition, timeoutMs).then(
    () => true,
    () => false,
  );
}

function bytesOf(device: string): bigint {
  return BigInt(readFileSync(`/sys/block/${device}/size`, 'utf8').trim()) * 512n;
}

function controllerOf(device: string): string {
  return device.replace(/n\d+$/, '');
}
