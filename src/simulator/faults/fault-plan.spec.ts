import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandClock } from '../clock.testing.ts';
import { Execution } from '../console/execution.ts';
import type { Statement } from '../console/hooks.ts';
import type { Fault, Place } from './fault.ts';
import { FaultPlan } from './fault-plan.ts';

const ADD: Statement = { path: '/disk', command: 'add', text: '/disk/add slot=a' };
const PUT: Statement = { command: ':put', text: ':put "slot=b"' };

function plan() {
  const calls: string[] = [];
  const rds = {
    restart: (downMs: number) => calls.push(`restart ${downMs}`),
    setPool: ({ pool }: { pool: string }) => calls.push(`set ${pool}`),
    healPools: () => calls.push('heal'),
  };
  const clock = new HandClock('1970-01-01T00:00:00Z');
  const faults = new FaultPlan(rds, clock);
  /** Lets a statement run and tells what struck: an error's text, or nothing. */
  const run = (statement: Statement, execution = new Execution('')) => {
    const once = { ...statement };
    try {
      void faults.beforeStatement(once, execution);
      faults.afterStatement(once, execution);
    } catch (error) {
      return error instanceof Error ? error.message : undefined;
    }
    return '';
  };
  return { faults, run, calls, clock };
}

const fail = (at: Place, error = 'no'): Fault => ({ kind: 'fail', at, error });

test('a place fits by path, command and text, and an empty one always', () => {
  const cases: readonly [Place, string, string][] = [
    [{}, 'no', 'no'],
    [{ path: '/disk' }, 'no', ''],
    [{ path: '/disk', command: 'set' }, '', ''],
    [{ command: ':put' }, '', 'no'],
    [{ text: 'slot=' }, 'no', 'no'],
    [{ path: '/disk', command: 'add', text: 'slot=b' }, '', ''],
  ];
  for (const [at, add, put] of cases) {
    const { faults, run } = plan();
    faults.arm(fail(at), Number.POSITIVE_INFINITY);
    assert.deepEqual([run(ADD), run(PUT)], [add, put], JSON.stringify(at));
  }
});

test('it strikes as often as it was armed for, and tells how often it did', () => {
  const { faults, run } = plan();
  const armed = faults.arm(fail({ path: '/disk' }), 2);
  assert.deepEqual([run(ADD), run(PUT), run(ADD), run(ADD)], ['no', '', 'no', '']);
  assert.equal(armed.fired, 2);
  assert.deepEqual(faults.armed, []);
});

test('it counts the fitting commands of all scripts from when it was armed', () => {
  const { faults, run } = plan();
  run(ADD);
  faults.arm(fail({ path: '/disk', nth: 3 }));
  const seen = [ADD, PUT, ADD, ADD, ADD].map((statement) => run(statement));
  assert.deepEqual(seen, ['', '', '', 'no', '']);
});

test('the one armed first strikes, and the other counted the command too', () => {
  const { faults, run } = plan();
  faults.arm(fail({ path: '/disk' }, 'first'));
  faults.arm(fail({ path: '/disk', nth: 2 }, 'second'));
  assert.deepEqual([run(ADD), run(ADD)], ['first', 'second']);
});

test('disarmed and cleared ones do not strike', () => {
  const { faults, run, calls } = plan();
  const one = faults.arm(fail({}));
  one.disarm();
  assert.equal(run(ADD), '');
  faults.arm(fail({}));
  faults.arm({ kind: 'cut', bytes: 1 });
  assert.equal(faults.armed.length, 2);
  faults.clear();
  assert.equal(run(ADD), '');
  assert.deepEqual([faults.filters('x'), faults.armed, calls], [[], [], ['heal']]);
});

test('a fault of one script leaves the others alone', () => {
  const { faults, run } = plan();
  const [mine, other] = [new Execution('mine'), new Execution('other')];
  faults.arm({ kind: 'kill', at: { path: '/disk' }, when: 'before' });
  assert.equal(run(ADD, mine), 'the script was killed');
  assert.equal(run(ADD, other), '');
  assert.deepEqual([mine.isKilled, other.isKilled], [true, false]);
});

test('after means after that very command, though others run meanwhile', () => {
  const { faults } = plan();
  const [mine, other] = [new Execution('mine'), new Execution('other')];
  faults.arm({ kind: 'kill', at: { path: '/disk' }, when: 'after' });
  const [slow, quick] = [{ ...ADD }, { ...ADD }];
  void faults.beforeStatement(slow, mine);
  void faults.beforeStatement(quick, other);
  faults.afterStatement(quick, other);
  assert.deepEqual([mine.isKilled, other.isKilled], [false, false]);
  assert.throws(() => faults.afterStatement(slow, mine), { name: 'ScriptKilled' });
  assert.deepEqual([mine.isKilled, other.isKilled], [true, false]);
});

test('a dropped connection takes the script along or not', () => {
  for (const scriptRunsOn of [true, false]) {
    const { faults, run } = plan();
    let isConnected = true;
    const execution = new Execution('', () => {
      isConnected = false;
    });
    faults.arm({ kind: 'drop', at: {}, when: 'before', scriptRunsOn });
    assert.equal(run(ADD, execution), scriptRunsOn ? '' : 'the script was killed');
    assert.equal(isConnected, false);
  }
});

test('a script stands still until its time is over, it is released or killed', async () => {
  const { faults, clock } = plan();
  const armed = faults.arm({ kind: 'stall', at: { path: '/disk' }, ms: 5000, disconnect: false }, 2);
  await faults.beforeStatement({ ...ADD }, new Execution('timed'));
  assert.deepEqual([clock.now(), armed.fired, armed.standing], [5000, 1, 0]);

  const forever = faults.arm({ kind: 'stall', at: {}, ms: 'untilReleased', disconnect: false }, 3);
  let disconnected = 0;
  const [one, two, three] = [1, 2, 3].map((n) => new Execution(`${n}`, () => (disconnected += 1)));
  assert.ok(one && two && three);
  const ends = [one, two].map((execution) => faults.beforeStatement({ ...PUT }, execution));
  assert.deepEqual([forever.standing, faults.armed.length], [2, 2]);
  assert.deepEqual(forever.lines, ['1', '2']);
  one.kill();
  await ends[0];
  assert.deepEqual(forever.lines, ['2']);
  forever.release();
  await ends[1];
  const last = faults.beforeStatement({ ...PUT }, three);
  assert.deepEqual([forever.fired, forever.standing, disconnected], [3, 1, 0]);
  assert.ok(faults.armed.includes(forever), 'it is listed while a script stands there');
  faults.clear();
  await last;
  assert.deepEqual(faults.armed, []);
});

test('a restart is passed on with its time', () => {
  const { faults, run, calls } = plan();
  faults.arm({ kind: 'restart', at: { path: '/disk' }, when: 'after', downMs: 70 });
  assert.equal(run(ADD), 'the script was killed');
  assert.deepEqual(calls, ['restart 70']);
});

test('one exec has one fault of output, by what its line says', () => {
  const { faults } = plan();
  const cut = faults.arm({ kind: 'cut', bytes: 1, line: 'snapshot' });
  const garbage = faults.arm({ kind: 'garbage', where: 'after', text: '!' });
  assert.deepEqual(
    ['print', 'print', 'a snapshot', 'a snapshot'].map((line) => faults.filters(line).length),
    [1, 0, 1, 0],
  );
  assert.deepEqual([cut.fired, garbage.fired], [1, 1]);
});

test('a channel beyond the limit is refused', () => {
  const { faults } = plan();
  const limit = faults.arm({ kind: 'channel-limit', channels: 2 }, Number.POSITIVE_INFINITY);
  assert.deepEqual(
    [0, 1, 2, 3].map((open) => faults.refusesChannel(open)),
    [false, false, true, true],
  );
  assert.equal(limit.fired, 2);
});

test('pool conditions are passed on', () => {
  const { faults, calls } = plan();
  faults.setPool({ pool: 'a', full: true });
  assert.deepEqual(calls, ['set a']);
});
