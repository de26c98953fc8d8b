import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pollScenes } from './poll.ts';

/** Polls a console that answers so, one answer after the other, and ends with the last. */
async function poll(answers: readonly (Response | Error)[]) {
  const asked: string[] = [];
  const seen: string[] = [];
  const ending = new AbortController();
  const answer = async (url: string | URL | Request, options: RequestInit = {}): Promise<Response> => {
    const tag = new Headers(options.headers).get('If-None-Match');
    const next = answers[asked.length];
    asked.push(`${url}${tag === null ? '' : ` ${tag}`}`);
    if (next === undefined) {
      ending.abort();
      throw new Error('ended');
    }
    if (next instanceof Error) throw next;
    return next;
  };
  await pollScenes(
    {
      scene: ({ version }) => seen.push(`scene ${version}`),
      same: () => seen.push('same'),
      lost: (because) => seen.push(`lost: ${because}`),
    },
    ending.signal,
    answer,
  );
  return { asked, seen };
}

function headers(number: number, tag: string): ResponseInit {
  return { headers: { 'X-Reading': String(number), 'X-Read-Ago': '5', ETag: tag } };
}

test('it asks for what is behind the scene that it has, and says which that is', async () => {
  const { asked, seen } = await poll([
    new Response('{"version":"1"}', headers(7, '"a"')),
    new Response(null, { status: 204 }),
    new Response(null, { status: 304, ...headers(8, '"a"') }),
    new Response('{"version":"2"}', headers(9, '"b"')),
  ]);
  assert.deepEqual(seen, ['scene 1', 'same', 'scene 2']);
  assert.deepEqual(asked, [
    'api/scene?after=0',
    'api/scene?after=7 "a"',
    'api/scene?after=7 "a"',
    'api/scene?after=8 "a"',
    'api/scene?after=9 "b"',
  ]);
});

test('a console that does not answer, or refuses, is asked again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const ticking = setInterval(() => t.mock.timers.tick(1000), 1);
  t.after(() => clearInterval(ticking));
  const { seen } = await poll([
    new Error('connection refused'),
    new Response('not by that name\n', { status: 403 }),
    new Response('{"version":"1"}', headers(1, '"a"')),
  ]);
  assert.deepEqual(seen, ['lost: connection refused', 'lost: not by that name', 'scene 1']);
});

test('an answer that says nothing of itself is shown, and asked for again from the beginning', async () => {
  const { asked, seen } = await poll([new Response('{"version":"1"}')]);
  assert.deepEqual([asked, seen], [['api/scene?after=0', 'api/scene?after=0'], ['scene 1']]);
});
