import type { BackendScene, PoolScene, Scene } from '../scene.ts';
import { agoText, changeText, clockText, countText, sizeText } from './format.ts';
import { linePoints, type Point, type Trends } from './trend.ts';

/** Each RDS with its pools. */
export function Storage(props: { readonly scene: Scene; readonly readAt: number; readonly trends: Trends }) {
  const { scene, readAt, trends } = props;
  return (
    <section aria-labelledby="storage">
      <h2 id="storage">Storage</h2>
      {scene.backends.map((backend) => (
        <Backend key={backend.name} backend={backend} now={readAt} trends={trends} />
      ))}
    </section>
  );
}

function Backend(props: { readonly backend: BackendScene; readonly now: number; readonly trends: Trends }) {
  const { backend, now, trends } = props;
  const { name, answers, routerOs, readAt, lostAt, conditions, pools } = backend;
  return (
    <article class="backend">
      <header>
        <h3>{name}</h3>
        <p class={answers ? 'state good' : 'state bad'}>
          {answers ? 'answers' : lostAt === undefined ? 'cannot be read' : `cannot be read since ${clockText(lostAt)}`}
        </p>
        {routerOs !== undefined && <p class="muted">RouterOS {routerOs}</p>}
      </header>
      {conditions.map(({ says, code }) => (
        <p key={says} class="condition">
          {says.slice(0, 1).toUpperCase() + says.slice(1)}. {code !== undefined && <span class="code">{code}</span>}
        </p>
      ))}
      {!answers && readAt !== undefined && (
        <p class="muted">What follows is what it last reported, {agoText(readAt, now)}.</p>
      )}
      {pools.map((pool) => (
        <Pool key={pool.label} pool={pool} points={trends.get(`${name}/${pool.label}`) ?? []} />
      ))}
    </article>
  );
}

function Pool({ pool, points }: { readonly pool: PoolScene; readonly points: readonly Point[] }) {
  const { label, size, free, reserve, promised, volumes, snapshots } = pool;
  const used = size - free;
  const room = Math.max(0, free - reserve);
  return (
    <div class="pool">
      <div class="title">
        <h4>{label}</h4>
        <p>
          <strong>{sizeText(room)}</strong> left for new volumes and writes, of {sizeText(size)}
        </p>
      </div>
      <Room pool={pool} />
      <dl class="figures">
        <Figure term="Used" value={sizeText(used)} kind="used" />
        <Figure term="Free" value={sizeText(free)} kind="free" />
        <Figure term="Reserve" value={sizeText(reserve)} kind="reserve" />
        <Figure term="Promised" value={promisedText(promised, size)} kind="promised" />
        <Figure term="Volumes" value={volumes.toLocaleString('en')} />
        <Figure term="Snapshots" value={snapshots.toLocaleString('en')} />
      </dl>
      <Trend points={points} />
    </div>
  );
}

/** What the images may grow to, as a share of the pool where that is more than it has. */
function promisedText(promised: number, size: number): string {
  const share = promised / size;
  return share > 1 ? `${sizeText(promised)}, ${share.toFixed(1)} × the pool` : sizeText(promised);
}

function Figure(props: { readonly term: string; readonly value: string; readonly kind?: string }) {
  return (
    <div class={props.kind}>
      <dt>{props.term}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}

/** The pool as a bar: what is used, what is left, and the reserve at its end. All of it stands below as figures. */
function Room({ pool: { size, free, reserve, promised } }: { readonly pool: PoolScene }) {
  const part = (bytes: number): string => `${Math.min(100, Math.max(0, (bytes / size) * 100)).toFixed(2)}%`;
  return (
    <div class="room" aria-hidden="true">
      <span class="used" style={{ width: part(size - free) }} />
      <span class="reserve" style={{ width: part(Math.min(reserve, free)) }} />
      {promised <= size && <span class="promised" style={{ left: part(promised) }} />}
    </div>
  );
}

const [WIDTH, HEIGHT] = [160, 24];

/** What was used since the page was opened. */
function Trend({ points }: { readonly points: readonly Point[] }) {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < 2) return null;
  return (
    <p class="trend">
      <svg viewBox={`-2 -2 ${WIDTH + 4} ${HEIGHT + 4}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
        <polyline points={linePoints(points, WIDTH, HEIGHT)} />
      </svg>
      <span>
        {changeText(last.used - first.used)} used since {clockText(first.at)},{' '}
        {countText(points.length, 'reading', 'readings')}
      </span>
    </p>
  );
}
