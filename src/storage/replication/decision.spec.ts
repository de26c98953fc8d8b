import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  copyOf,
  type Decision,
  decide,
  type Hints,
  isAtWork,
  type Original,
  type Received,
  type Transfer,
  taken,
  uncopied,
  type View,
} from './decision.ts';
import { copy, half, NO_HINTS, named, original, sending, view } from './replication.fixture.ts';

test('nothing is to be done where every snapshot has its copy', () => {
  assert.deepEqual(decide(view({}), NO_HINTS), { do: 'nothing' });
  const [a, b] = [original(1, { at: 10 }), original(2, { at: 20 })];
  assert.deepEqual(decide(view({ originals: [a, b], received: [copy(b), copy(a)] }), NO_HINTS), { do: 'nothing' });
});

test('the oldest snapshot without a copy is sent first, with nothing in common in full', () => {
  const [late, early] = [original(1, { at: 20 }), original(2, { at: 10 })];
  assert.deepEqual(decide(view({ originals: [late, early] }), NO_HINTS), {
    do: 'send',
    original: early,
    parent: undefined,
  });
});

test('the parent is the newest one before it that both sides have, of the same volume', () => {
  const [first, second, third] = [original(1, { at: 10 }), original(2, { at: 20 }), original(3, { at: 30 })];
  const stranger = original(4, { at: 25, volume: 'b' });
  const originals = [third, stranger, first, second];
  const parent = (received: readonly Received[]) => {
    const decision = decide(view({ originals, received: [...received, copy(stranger)] }), NO_HINTS);
    return decision.do === 'send' ? [decision.original, decision.parent] : decision;
  };
  assert.deepEqual(parent([copy(first), copy(second)]), [third, second]);
  assert.deepEqual(parent([copy(first)]), [second, first]);
  assert.deepEqual(parent([copy(second), copy(third)]), [first, second], 'one that is newer is better than none');
});

test('of snapshots of one second each is sent after those that were made before it, with the nearest of them as parent', () => {
  // By name they would go the other way round.
  const originals = [1, 2, 3].map((number) => original(number, { at: 10, id: 300n - BigInt(number) }));
  const sent = (received: readonly Received[]) => {
    const decision = decide(view({ originals, received }), NO_HINTS);
    return decision.do === 'send' ? [decision.original, decision.parent] : decision;
  };
  const [third, second, first] = originals as [Original, Original, Original];
  assert.deepEqual(sent([]), [first, undefined]);
  assert.deepEqual(sent([copy(first)]), [second, first]);
  assert.deepEqual(sent([copy(first), copy(second)]), [third, second]);
});

test('a parent is known by the uuid that was received, never by its name', () => {
  const [first, second] = [original(1, { at: 10 }), original(2, { at: 20 })];
  const other: Received = { ...copy(first), receivedUuid: 'another' };
  const decision = decide(view({ originals: [first, second], received: [other] }), NO_HINTS);
  assert.deepEqual(decision, { do: 'send', original: second, parent: undefined });
  const renamed: Received = { ...copy(first), name: named(9, {}).name };
  const inCommon = decide(view({ originals: [first, second], received: [renamed] }), {
    ...NO_HINTS,
    wanted: new Set([second.name]),
  });
  assert.deepEqual(inCommon, { do: 'send', original: second, parent: first });
});

test('while a transfer is at work it is waited for, in whatever words, also when it stands still', () => {
  const one = original(1, {});
  for (const status of ['', 'in progress', 'running', 'idle', '37%', '12 MiB', 'Sending']) {
    for (const isStill of [false, true]) {
      const transfer = sending(one, { status, isStill });
      const found = decide(view({ originals: [one], received: [half(one)], transfers: [transfer] }), NO_HINTS);
      assert.deepEqual(found, { do: 'wait', transfer }, status);
    }
  }
  const unknown = sending(one, { status: 'transmogrifying', isStill: false });
  assert.equal(decide(view({ originals: [one], transfers: [unknown] }), NO_HINTS).do, 'wait', 'it moves');
});

test('a row goes when the copy is whole, whatever it says, and as a failure when it stands still without one', () => {
  const one = original(1, {});
  for (const status of ['', 'in progress', 'done', 'no luck']) {
    const transfer = sending(one, { status, isStill: false });
    const found = decide(view({ originals: [one], received: [copy(one)], transfers: [transfer] }), NO_HINTS);
    assert.deepEqual(found, { do: 'forget', transfer, original: one, copy: copy(one) }, status);
  }
  for (const status of ['done', 'ssh: connection lost', 'error: no space']) {
    const transfer = sending(one, { status });
    const received = [half(one), { ...copy(one), receivedUuid: 'another' }];
    const found = decide(view({ originals: [one], received, transfers: [transfer] }), NO_HINTS);
    assert.deepEqual(found, { do: 'forget', transfer, original: one, copy: undefined }, status);
  }
});

test('the row of a snapshot that was deleted meanwhile is forgotten when it is over', () => {
  const transfer = sending(original(1, {}), { status: 'done' });
  const over = { do: 'forget', transfer, original: undefined, copy: undefined };
  assert.deepEqual(decide(view({ transfers: [transfer] }), NO_HINTS), over);
  const running = sending(original(1, {}), { status: 'in progress' });
  assert.equal(decide(view({ transfers: [running] }), NO_HINTS).do, 'wait');
});

test('what someone else sends elsewhere is nothing to wait for, and keeps a half from being removed', () => {
  const one = original(1, {});
  const foreign = sending(one, { isOurs: false, status: 'in progress' });
  assert.equal(decide(view({ originals: [one], transfers: [foreign] }), NO_HINTS).do, 'send');
  const decided = (transfer: Transfer) =>
    decide(view({ originals: [one], received: [half(one)], transfers: [transfer] }), NO_HINTS).do;
  assert.equal(decided(foreign), 'nothing');
  assert.equal(decided({ ...foreign, status: 'interrupted', isStill: false }), 'nothing');
});

test('a row of someone else that had stopped kept a half forever, and its snapshot from being sent', () => {
  const one = original(1, {});
  const stopped = sending(one, { isOurs: false, status: 'interrupted', isStill: true });
  const found = decide(view({ originals: [one], received: [half(one)], transfers: [stopped] }), NO_HINTS);
  assert.deepEqual(found, { do: 'discard', half: half(one), original: one });
});

test('a half is removed when its original is there and no transfer names it', () => {
  const one = original(1, {});
  const found = decide(view({ originals: [one], received: [half(one)] }), NO_HINTS);
  assert.deepEqual(found, { do: 'discard', half: half(one), original: one });
});

test('what may be someone’s is left alone, and reported', () => {
  const [one, gone] = [original(1, {}), original(2, {})];
  const others: readonly Received[] = [
    { ...half(one), receivedUuid: one.uuid },
    { ...half(one), kind: 'own' },
    { ...half(one), kind: 'nested' },
    { ...half(one), uuid: '' },
    { ...copy(one), receivedUuid: 'another' },
  ];
  for (const other of others) {
    const both = view({ originals: [one], received: [other, half(gone)] });
    assert.deepEqual(decide(both, NO_HINTS), { do: 'nothing' }, JSON.stringify(other.kind));
    assert.deepEqual(taken(both), [one]);
  }
});

test('what failed a short time ago does not hold up the others, unless someone waits for it', () => {
  const [first, second] = [original(1, { at: 10 }), original(2, { at: 20 })];
  const originals = [first, second];
  const deferred = new Set([first.name]);
  const chosen = (hints: Partial<Hints>) => {
    const decision = decide(view({ originals }), { ...NO_HINTS, ...hints });
    return decision.do === 'send' ? decision.original : decision.do;
  };
  assert.equal(chosen({ deferred }), second);
  assert.equal(chosen({ deferred, wanted: deferred }), first);
  assert.equal(chosen({ wanted: new Set([second.name]) }), second);
  assert.equal(chosen({ deferred: new Set([first.name, second.name]) }), 'nothing');
});

test('of two that a race has made of one id only the first one is sent', () => {
  const [winner, loser] = [original(1, { at: 20, id: 300n }), original(1, { at: 10, id: 301n, uuid: 'second' })];
  const found = view({ originals: [loser, winner] });
  assert.deepEqual(uncopied(found), [winner]);
});

test('a snapshot whose uuid the RDS does not show is not sent, as its copy could not be told', () => {
  const one = original(1, { uuid: '' });
  assert.deepEqual(decide(view({ originals: [one] }), NO_HINTS), { do: 'nothing' });
  assert.equal(copyOf(one, view({ received: [{ ...copy(one), receivedUuid: '' }] })), undefined);
});

/** Any view: a few snapshots of two volumes, and of each anything that may lie on the replica or be under way. */
const anyView: fc.Arbitrary<View> = fc
  .array(
    fc.record({
      at: fc.integer({ min: 1, max: 5 }),
      volume: fc.constantFrom('a', 'b'),
      isThere: fc.boolean(),
      received: fc.constantFrom('none', 'copy', 'half', 'own', 'other', 'made writable'),
      transfer: fc.constantFrom('none', 'none', 'none', 'ours', 'foreign'),
      status: fc.constantFrom('', 'in progress', 'done', 'no luck'),
      isStill: fc.boolean(),
    }),
    { maxLength: 6 },
  )
  .map((snapshots) => {
    const each = snapshots.map((spec, at) => ({ ...spec, one: original(at + 1, spec) }));
    const lying = (one: (typeof each)[number]): Received[] => {
      switch (one.received) {
        case 'none':
          return [];
        case 'copy':
          return [copy(one.one)];
        case 'half':
          return [half(one.one)];
        case 'own':
          return [{ ...half(one.one), kind: 'own' }];
        case 'other':
          return [{ ...copy(one.one), receivedUuid: 'another' }];
        default:
          return [{ ...half(one.one), receivedUuid: one.one.uuid }];
      }
    };
    return view({
      originals: each.filter(({ isThere }) => isThere).map(({ one }) => one),
      received: each.flatMap(lying),
      transfers: each.flatMap(({ transfer, one, status, isStill }) =>
        transfer === 'none' ? [] : [sending(one, { isOurs: transfer === 'ours', status, isStill })],
      ),
    });
  });

/** What must hold of a decision, whatever it was made of. */
function isSafe(seen: View, decision: Decision): void {
  const { originals, received, transfers } = seen;
  if (decision.do === 'discard') {
    const { half: one } = decision;
    assert.ok(received.includes(one) && one.kind === 'half-received' && one.receivedUuid === undefined);
    assert.ok(
      originals.some(({ name }) => name === one.name),
      'the original is there',
    );
    const atWork = transfers.filter(({ isStill, status }) => !isStill || isAtWork(status));
    assert.ok(
      !transfers.some(({ isOurs }) => isOurs) && !atWork.some(({ name }) => name === one.name),
      'none is at work',
    );
  }
  if (decision.do === 'send') {
    const { original: one, parent } = decision;
    assert.ok(originals.includes(one) && !transfers.some(({ isOurs }) => isOurs));
    assert.ok(!received.some(({ name }) => name === one.name), 'nothing is sent over something');
    if (parent !== undefined) {
      assert.ok(originals.includes(parent) && parent !== one && parent.parsed.sourceUuid === one.parsed.sourceUuid);
      assert.ok(received.some(({ kind, receivedUuid }) => kind === 'copy' && receivedUuid === parent.uuid));
    }
  }
  if (decision.do === 'forget' && decision.copy === undefined) {
    assert.ok(decision.transfer.isStill && decision.transfer.isOurs);
  }
}

test('whatever there is, a decision touches nothing that could be someone’s', () => {
  fc.assert(
    fc.property(anyView, (seen) => isSafe(seen, decide(seen, NO_HINTS))),
    { numRuns: 2000 },
  );
});

/** What becomes of the view when the decision is carried out, and what is sent arrives. */
function after(seen: View, decision: Decision): View {
  switch (decision.do) {
    case 'forget':
      return { ...seen, transfers: seen.transfers.filter((one) => one !== decision.transfer) };
    case 'discard':
      return { ...seen, received: seen.received.filter((one) => one !== decision.half) };
    case 'send':
      return {
        ...seen,
        received: [...seen.received, copy(decision.original)],
        transfers: [...seen.transfers, sending(decision.original, { status: 'done' })],
      };
    default:
      return seen;
  }
}

test('from whatever there is, every snapshot whose name is free gets its copy, and then nothing is done any more', () => {
  fc.assert(
    fc.property(anyView, (begun) => {
      // What is under way ends some time, and someone else’s rows go.
      let seen: View = {
        ...begun,
        transfers: begun.transfers
          .filter(({ isOurs }) => isOurs)
          .map((transfer) => ({ ...transfer, status: 'it broke off', isStill: true })),
      };
      for (let step = 0; step < 100; step += 1) {
        const decision = decide(seen, NO_HINTS);
        isSafe(seen, decision);
        if (decision.do === 'nothing') break;
        assert.notEqual(decision.do, 'wait');
        seen = after(seen, decision);
      }
      assert.deepEqual(decide(seen, NO_HINTS), { do: 'nothing' });
      assert.deepEqual(
        uncopied(seen)
          .map(({ name }) => name)
          .toSorted(),
        taken(seen)
          .map(({ name }) => name)
          .toSorted(),
      );
    }),
    { numRuns: 1000 },
  );
});

test('ten thousand snapshots on either side are compared in a moment', () => {
  const originals = Array.from({ length: 10_000 }, (_, at) => original(at + 1, { at: at + 1 }));
  const seen = view({ originals, received: originals.slice(0, -1).map(copy) });
  const begun = performance.now();
  const decision = decide(seen, NO_HINTS);
  assert.deepEqual(decision.do === 'send' && [decision.original, decision.parent], [
    originals.at(-1),
    originals.at(-2),
  ]);
  assert.deepEqual(taken(seen), []);
  assert.ok(performance.now() - begun < 2000);
});
