import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { createLogger } from '../../observability/log.ts';
import { type Asking, RdsError, type RdsSettings } from '../../rds/index.ts';
import type { Backend } from '../../storage/backend.ts';
import { watchBackend } from '../events/backend-watch.ts';
import { type BackendListener, type BackendReading, pollBackend } from './backend-poller.ts';

const MINUTE = 60_000;
const settings: RdsSettings = {
  pools: [{ label: 'pool', uuid: '5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f', mountPoint: 'pool' }],
  owners: ['0123abcd'],
  reserveBytes: 10n,
  port: 4420,
};

/** What an exec is for. */
type Part = 'reading' | 'inventory' | 'volumes';

/** What only its script has. */
const PARTS: readonly (readonly [Part, mark: string])[] = [
  ['reading', '"volumes"='],
  ['volumes', '"nvme-tcp-export"='],
];

interface PollOptions {
  /** Bytes of the 1000 of its pool, of which 10 must stay free. */
  readonly free?: bigint;
  readonly inventories?: boolean;
  readonly volumes?: boolean;
  /** Who listens, too. */
  readonly more?: (backend: Backend) => BackendListener[];
}

/** A poller of an RDS that answers from memory, by a clock that stands until it is put forward. */
class Poll {
  /** What the RDS was asked. */
  readonly asked: Part[] = [];
  /** Whether a listener wants another look at the volumes. */
  doubtsVolumes = false;
  /** What listeners were told. */
  readonly told: (BackendReading | undefined)[] = [];
  /** What the RDS does not answer. */
  readonly failing = new Set<Part>();
  free: bigint;
  refusedAt = Number.NEGATIVE_INFINITY;
  nowMs = 0;
  #looks = 0;

  constructor(
    t: TestContext,
    { free = 900n, inventories = false, volumes = false, more = () => [] }: PollOptions = {},
  ) {
    this.free = free;
    const backend = {
      name: 'rds1',
      rds: { settings, state: () => ({ breaker: 'closed' }), run: this.#run.bind(this) },
    } as unknown as Backend;
    const own: BackendListener = {
      look: () => {
        this.#looks += 1;
      },
      read: (reading) => void this.told.push(reading),
      doubtsVolumes: () => this.doubtsVolumes,
    };
    const stopping = new AbortController();
    const poll = pollBackend(backend, {
      listeners: [own, ...more(backend)],
      lookMs: 1,
      inventories,
      volumes,
      running: () => new Set(),
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

  /** Lets so much time pass. @returns what the RDS was asked since the last time */
  async after(ms: number): Promise<Part[]> {
    this.nowMs += ms;
    // Enough looks for whatever is due.
    const looks = this.#looks;
    await until(async () => this.#looks > looks + 10);
    return this.asked.splice(0);
  }

  async #run<T>(asking: Asking<T>): Promise<T> {
    const { script, decode } = asking(settings);
    const part = PARTS.find(([, mark]) => script.text.includes(mark))?.[0] ?? 'inventory';
    // The exec for the promises stands for a whole inventory; those for pages of snapshots follow it.
    if (part !== 'inventory' || script.text.includes('"promised"=')) this.asked.push(part);
    if (this.failing.has(part)) throw new RdsError('RDS-UNREACHABLE', part);
    const pool = { 'fs-label': 'pool', size: '1000', free: `${this.free}` };
    return decode(script.text.includes('"fs-label"=') ? [{ ...pool, promised: 70, volumes: 2, snapshots: 3 }] : []);
  }
}

test('an RDS that has room is read every five minutes, for all who listen in one exec', async (t) => {
  const told: (BackendReading | undefined)[] = [];
  const poll = new Poll(t, { more: () => [{ read: (reading) => void told.push(reading) }] });
  assert.deepEqual(await poll.after(0), ['reading']);
  assert.deepEqual(await poll.after(5 * MINUTE - 1), []);
  assert.deepEqual(await poll.after(1), ['reading']);
  const health = { conditions: [], examined: [] };
  const pool = { pool: 'pool', size: 1000n, free: 900n, reserve: 10n, volumes: 2, snapshots: 3, health };
  assert.deepEqual(told, [
    { pools: [pool], inventory: undefined, volumes: undefined },
    { pools: [pool], inventory: undefined, volumes: undefined },
  ]);
  assert.deepEqual(poll.told, told);
});

test('an RDS that is short of room, or cannot be read, is read every minute, whoever listens', async (t) => {
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

test('an inventory is made once an hour, also where the RDS is read every minute or was away in between', async (t) => {
  const poll = new Poll(t, { free: 0n, inventories: true });
  assert.deepEqual(await poll.after(0), ['reading', 'inventory']);
  for (let minute = 1; minute < 60; minute += 1) {
    if (minute === 30) poll.failing.add('reading');
    if (minute === 31) poll.failing.clear();
    assert.deepEqual(await poll.after(MINUTE), ['reading'], `minute ${minute}`);
  }
  assert.deepEqual(poll.told.at(-1)?.inventory?.get('pool'), { promised: 70n, mostSnapshots: 0 });
  assert.deepEqual(await poll.after(MINUTE), ['reading', 'inventory']);
});

test('an inventory that fails takes nothing from the reading, and is made with the next one', async (t) => {
  const poll = new Poll(t, { inventories: true });
  poll.failing.add('inventory');
  assert.deepEqual(await poll.after(0), ['reading', 'inventory']);
  assert.deepEqual([poll.told.at(-1)?.pools.length, poll.told.at(-1)?.inventory], [1, undefined]);
  poll.failing.clear();
  assert.deepEqual(await poll.after(5 * MINUTE), ['reading', 'inventory']);
  assert.equal(poll.told.at(-1)?.inventory?.size, 1);
});

test('a pool at 0 bytes was reported minutes after calls had been refused for it', async (t) => {
  const told: (string | undefined)[] = [];
  const recorder = {
    record: (_about: unknown, event: { reason: string; subject?: string }) => void told.push(event.subject),
  };
  const driver = { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', name: 'rds.rose-csi.io' } as const;
  const poll = new Poll(t, { more: (backend) => [watchBackend(backend, { recorder, driver, lastingMs: MINUTE })] });
  assert.deepEqual([await poll.after(0), told], [['reading'], []]);
  poll.free = 0n;
  poll.refusedAt = 1000;
  assert.deepEqual([await poll.after(1001), told], [['reading'], ['rds1/pool']]);
  assert.deepEqual(await poll.after(1), [], 'once for a refusal');
});

test('an orphan without a disk item cost two commands with each reading: volumes are looked at again as a listener wants', async (t) => {
  const poll = new Poll(t, { volumes: true });
  assert.deepEqual(await poll.after(0), ['reading', 'volumes']);
  assert.deepEqual(await poll.after(5 * MINUTE), ['reading']);
  poll.doubtsVolumes = true;
  assert.deepEqual(await poll.after(5 * MINUTE), ['reading', 'volumes']);
  poll.doubtsVolumes = false;
  for (let minute = 15; minute < 70; minute += 5) assert.deepEqual(await poll.after(5 * MINUTE), ['reading']);
  assert.deepEqual(await poll.after(5 * MINUTE), ['reading', 'volumes'], 'an hour later');
});

test('what was seen of the volumes of an RDS before it was away counted for an hour after its return', async (t) => {
  const poll = new Poll(t, { volumes: true });
  await poll.after(0);
  poll.failing.add('reading');
  assert.deepEqual(await poll.after(5 * MINUTE), ['reading']);
  poll.failing.clear();
  assert.deepEqual(await poll.after(MINUTE), ['reading', 'volumes']);
  assert.deepEqual(await poll.after(5 * MINUTE), ['reading']);
});
