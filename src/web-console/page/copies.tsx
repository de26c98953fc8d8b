import type { PairScene, PlaceScene, Scene, SendingScene } from '../scene.ts';
import { agoText, countText, shortId, sizeText, titleOf } from './format.ts';
import { hashOf } from './route.ts';

/** How far the copies of each pool on another RDS are. */
export function Copies({ scene, readAt }: { readonly scene: Scene; readonly readAt: number }) {
  const { pairs = [] } = scene;
  if (pairs.length === 0) return null;
  return (
    <section aria-labelledby="copies">
      <h2 id="copies">Copies</h2>
      {pairs.map((pair) => (
        <Pair key={`${placeText(pair.from)} ${placeText(pair.to)}`} pair={pair} scene={scene} now={readAt} />
      ))}
    </section>
  );
}

function Pair({ pair, scene, now }: { readonly pair: PairScene; readonly scene: Scene; readonly now: number }) {
  const { from, to, copies, missing, oldestMissing, newestCopy, alone, halfReceived, sending, unread } = pair;
  const away = [from, to].filter(({ answers }) => !answers).map(({ backend }) => backend);
  const isWhole = away.length === 0 && missing === 0;
  return (
    <article class="backend pair">
      <header>
        <h3>
          {placeText(from)}{' '}
          <span class="arrow">
            <span aria-hidden="true">→</span>
            <span class="unseen">to</span>
          </span>{' '}
          {placeText(to)}
        </h3>
        <p class={isWhole ? 'state good' : away.length > 0 ? 'state bad' : 'state'}>{stateText(pair, away)}</p>
      </header>
      {away.length > 0 && (
        <p class="muted">
          What follows of {away.join(' and ')} is what it last reported, and what is new is not known.
        </p>
      )}
      <dl class="figures">
        <Figure
          term="Lag"
          value={oldestMissing === undefined ? '–' : agoText(oldestMissing, now).replace(' ago', '')}
        />
        <Figure term="Newest copy" value={newestCopy === undefined ? 'none' : `taken ${agoText(newestCopy, now)}`} />
        <Figure term="Copies" value={copies.toLocaleString('en')} />
        <Figure term="Without a copy" value={missing === undefined ? 'not known' : missing.toLocaleString('en')} />
        {alone > 0 && <Figure term="Originals gone" value={alone.toLocaleString('en')} />}
        {halfReceived > 0 && <Figure term="Half-received" value={halfReceived.toLocaleString('en')} />}
      </dl>
      {unread !== undefined && <p class="condition">What is being sent is not known: {unread}.</p>}
      {sending !== undefined && <Sending sending={sending} scene={scene} />}
    </article>
  );
}

function stateText({ copies, missing, oldestMissing }: PairScene, away: readonly string[]): string {
  if (away.length > 0) return `${away.join(', ')} cannot be read`;
  if (copies === 0 && missing === 0) return 'no snapshots yet';
  if (missing === 0 || oldestMissing === undefined) return 'every snapshot has its copy';
  return `${countText(missing ?? 0, 'snapshot', 'snapshots')} without a copy`;
}

function Sending({
  sending: { id, bytes, status, still },
  scene,
}: {
  readonly sending: SendingScene;
  readonly scene: Scene;
}) {
  const row = scene.rows.find((one) => one.id === id);
  return (
    <p class="sending">
      Being sent:{' '}
      {row === undefined ? <span>{shortId(id)}</span> : <a href={hashOf({ view: 'tree', id })}>{titleOf(row)}</a>},{' '}
      {sizeText(bytes)} so far{row?.size !== undefined && `, of a snapshot of ${sizeText(row.size)}`}
      {status !== '' && <span class="muted">, {status}</span>}
      {still === true && <strong>, not moved for two minutes</strong>}
    </p>
  );
}

function Figure({ term, value }: { readonly term: string; readonly value: string }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function placeText({ backend, pool }: PlaceScene): string {
  return `${backend}/${pool}`;
}
