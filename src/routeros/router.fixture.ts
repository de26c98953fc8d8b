import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach } from 'node:test';
import type { RouterOsError, RouterOsErrorKind } from './errors.ts';
import type { RetryPolicy } from './retry-policy.ts';
import { connectRouterOs, type ExecEvent, type RouterOsOptions } from './router.ts';
import type { RouterOs } from './routeros.ts';
import { SshPeer, watchStrays } from './ssh-peer.fixture.ts';

/** Milliseconds that no spec waits for. */
export const LONG = 30_000;

export const read = { kind: 'read' } as const;
export const write = { kind: 'write' } as const;

const once: RetryPolicy = { rules: [], budgetMs: LONG };

export const retrying: RetryPolicy = {
  rules: [
    { kinds: ['unreachable', 'unknown'], retries: 3, firstPauseMs: 1, maxPauseMs: 5 },
    { kinds: ['failed'], retries: 1, firstPauseMs: 0, maxPauseMs: 0 },
  ],
  budgetMs: LONG,
};

/** The peer of the spec that runs. */
export let peer: SshPeer;

/** What {@link connect} made last. */
export let router: RouterOs;

/** The execs that it reported. */
export let events: ExecEvent[];

/** A router for {@link peer}, without retries and breaks unless a spec asks for them. */
export function connect(changes: Partial<RouterOsOptions> = {}): RouterOs {
  const reported: ExecEvent[] = [];
  events = reported;
  router = connectRouterOs({
    host: '127.0.0.1',
    port: peer.port,
    hostKeys: [peer.hostKeyFingerprint],
    credentials: peer.credentials,
    retryPolicy: once,
    breaker: { failures: 1000, firstBreakMs: LONG, maxBreakMs: LONG },
    onExec: (event) => reported.push(event),
    ...changes,
  });
  return router;
}

/** Gives each spec of a file a peer of its own, takes all down after it, and fails on errors that no one caught. */
export function usePeers(): void {
  let strays: ReturnType<typeof watchStrays>;
  before(() => {
    strays = watchStrays();
  });
  beforeEach(async () => {
    peer = await SshPeer.start();
  });
  afterEach(async () => {
    await router.close();
    await peer.stop();
  });
  after(() => strays.assertNone());
}

/** The error of a call, for its properties to be looked at. */
export function failure(call: Promise<unknown>): Promise<RouterOsError> {
  return call.then(
    () => assert.fail('no error was thrown'),
    (error: RouterOsError) => error,
  );
}

export async function assertKind(call: Promise<unknown>, kind: RouterOsErrorKind): Promise<RouterOsError> {
  const error = await failure(call);
  assert.equal(error.kind, kind, error.stack);
  return error;
}
