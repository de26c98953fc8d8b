import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { createLogger } from '../../observability/log.ts';
import { type Asking, RdsError, type RdsSettings } from '../../rds/index.ts';
import type { Backend } from '../../storage/backend.ts';
import { watchBox } from '../events/box-watch.ts';
import { type BoxListener, type BoxReading, pollBox } from './box-poller.ts';

const MINUTE = 60_000;
const settings: RdsSettings = {
  pools: [{ label: 'pool', uuid: '5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f', mountPoint: 'pool' }],
  owners: ['0123abcd'],
  reserveBytes: 10n,
  port: 4420,
};

/** What an exec is for. */
type Part = 'reading' | 'survey';

interface PollOptions {
  /** Bytes of the 1000 of its pool, of which 10 must stay free. */
  readonly free?: bigint;
  readonly surveys?: boolean;
  /** Who listens, too. */
  readonly more?: (backend: Backend) => BoxListener[];
}

/** A poller of a box that answers from memory, by a clock that stands until it is put forward. */
class Poll {
  /** What the box was asked. */
  readonly asked: Part[] = [];
  /** What listeners were told. */
  readonly told: (BoxReading | undefined)[] = [];
  /** What the box does not answer. */
  readonly failing = new Set<Part>();
  free: bigint;
  refusedAt = Number.NEGATIVE_INFINITY;
  nowMs = 0;
  #looks = 0;

  constructor(t: TestContext, { free = 900n, surveys = false, more = () => [] }: PollOptions = {}) {
    this.free = free;
    const backend = {
      name: 'rds1',
      rds: { settings, state: () => ({ breaker: 'closed' }), run: this.#run.bind(this) },
    } as unknown as Backend;
    const own: BoxListener = {
      look: () => {
        this.#looks += 1;
      },
      read: (reading) => void this.told.push(reading),
    };
    const stopping = new AbortController();
    const poll = pollBox(backend, {
      listeners: [own, ...more(backend)],
      lookMs: 1,
      surveys,
      logger: createLogger('fatal'),
      refusedAt: () => this.refusedAt,
      now: () => this.nowMs,
      signal: stopping.signal,
    });
    t.after(async () => {
      stopping.abort();
      await poll;
    });
  }

  /** Lets so much time pass. @returns what the box was asked since the last time */
  async after(ms: number): Promise<Part[]> {
    this.nowMs += ms;
    // Enough looks for whatever is due.
    const looks = this.#looks;
    await until(async () => this.#looks > looks + 10);
    return this.asked.splice(0);
  }

  async #run<T>(asking: Asking<T>): Promise<T> {
    const { script, decode } = asking(settings);
    const part = script.text.includes('"volumes"=') ? 'reading' : 'survey';
    // The exec for the promises stands for a whole survey; those for pages of snapshots follow it.
    if (part === 'reading' || script.text.includes('"promised"=')) this.asked.push(part);
    if (this.failing.has(part)) throw new RdsError('RDS-UNREACHABLE', part);
    const pool = { 'fs-label': 'pool', size: '1000', free: `${this.free}` };
    return decode(script.text.includes('"fs-label"=') ? [{ ...pool, promised: 70, volumes: 2, snapshots: 3 }] : []);
  }
}

test('a box that has room is read every five minutes, for all who listen in one exec', async (t) => {
  const told: (BoxReading | undefined)[] = [];
  const poll = new Poll(t, { more: () => [{ read: (reading) => void told.push(reading) }] });
  assert.deepEqual(await poll.after(0), ['reading']);
  assert.deepEqual(await poll.after(5 * MINUTE - 1), []);
  assert.deepEqual(await poll.after(1), ['reading']);
  const pool = { pool: 'pool', size: 1000n, free: 900n, reserve: 10n, volumes: 2, snapshots: 3 };
  assert.deepEqual(told, [
    { pools: [pool], survey: undefined },
    { pools: [pool], survey: undefined },
  ]);
  assert.deepEqual(poll.told, told);
});

test('a box that is short of room, or cannot be read, is read every minute, whoever listens', async (t) => {
  const poll = new Poll(t, { free: 259n });
  assert.deepEqual(await poll.after(0), ['reading']);
  assert.deepEqual(await poll.after(MINUTE - 1), []);
  poll.failing.add('reading');
  assert.deepEqual(await poll.after(1), ['reading']);
  assert.equal(poll.told.at(-1), undefined);
  assert.deepEqual(await poll.after(MINUTE - 1), []);
  poll.failing.clear();
  poll.free = 260n;
  assert.deepEqual(await poll.after(1), ['reading']);
  assert.deepEqual(await poll.after(5 * MINUTE - 1), []);
});

test('a survey is made once an hour, also where the box is read every minute or was away in between', async (t) => {
  const poll = new Poll(t, { free: 0n, surveys: true });
  assert.deepEqual(await poll.after(0), ['reading', 'survey']);
  for (let minute = 1; minute < 60; minute += 1) {
    if (minute === 30) poll.failing.add('reading');
    if (minute === 31) poll.failing.clear();
    assert.deepEqual(await poll.after(MINUTE), ['reading'], `minute ${minute}`);
  }
  assert.deepEqual(poll.told.at(-1)?.survey?.get('pool'), { promised: 70n, mostSnapshots: 0 });
  assert.deepEqual(await poll.after(MINUTE), ['reading', 'survey']);
});

test('a survey that fails takes nothing from the reading, and is made with the next one', async (t) => {
  const poll = new Poll(t, { surveys: true });
  poll.failing.add('survey');
  assert.deepEqual(await poll.after(0), ['reading', 'survey']);
  assert.deepEqual([poll.told.at(-1)?.pools.length, poll.told.at(-1)?.survey], [1, undefined]);
  poll.failing.clear();
  assert.deepEqual(await poll.after(5 * MINUTE), ['reading', 'survey']);
  assert.equal(poll.told.at(-1)?.survey?.size, 1);
});

test('a pool at 0 bytes was told of minutes after calls had been refused for it', async (t) => {
  const told: (string | undefined)[] = [];
  const teller = {
    tell: (_about: unknown, event: { reason: string; subject?: string }) => void told.push(event.subject),
  };
  const driver = { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', name: 'rds.rose-csi.io' } as const;
  const poll = new Poll(t, { more: (backend) => [watchBox(backend, { teller, driver, lastingMs: MINUTE })] });
  assert.deepEqual([await poll.after(0), told], [['reading'], []]);
  poll.free = 0n;
  poll.refusedAt = 1000;
  assert.deepEqual([await poll.after(1001), told], [['reading'], ['rds1/pool']]);
  assert.deepEqual(await poll.after(1), [], 'once for a refusal');
});
