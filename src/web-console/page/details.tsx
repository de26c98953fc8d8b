import { useEffect, useRef } from 'preact/hooks';
import type { Row, Scene } from '../scene.ts';
import { commandsFor, subjectOf } from './commands.ts';
import { Copyable } from './copyable.tsx';
import { agoText, countText, notesOf, sizeText, timeText, titleOf } from './format.ts';
import { hashOf } from './route.ts';
import { ancestors, countBelow, type Forest } from './tree.ts';
import { Why } from './why.tsx';

const KINDS: Readonly<Record<Row['kind'], string>> = {
  volume: 'Volume',
  snapshot: 'Snapshot',
  copy: 'Copy of a snapshot',
  gone: 'Source that is no longer there',
};

/** Everything about one object. */
export function Details(props: {
  readonly id: string;
  /** Index of its row; undefined when there is none, or no longer. */
  readonly at: number | undefined;
  readonly forest: Forest;
  readonly scene: Scene;
}) {
  const { id, at, forest, scene } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  const row = at === undefined ? undefined : forest.rows[at];
  // Another object takes the focus, another reading of it does not.
  useEffect(() => heading.current?.focus(), [id]);
  return (
    <aside class="details" aria-labelledby="details" onKeyDown={closeOnEscape}>
      <a class="close" href={hashOf({ view: 'tree', id: undefined })}>
        Close
      </a>
      {row === undefined || at === undefined ? (
        <>
          <h2 id="details" tabIndex={-1} ref={heading}>
            Not there
          </h2>
          <p class="muted">The backends hold nothing of this id, or no longer: {id}</p>
        </>
      ) : (
        <>
          <p class="kicker">{KINDS[row.kind]}</p>
          <h2 id="details" tabIndex={-1} ref={heading}>
            {titleOf(row)}
          </h2>
          <Facts row={row} />
          <CopiesOf row={row} forest={forest} />
          <Family forest={forest} at={at} row={row} />
          {scene.cluster.is === 'asked' && <WhyOf row={row} />}
          <h3>Go on with</h3>
          {commandsFor(row, scene.configFile).map(({ does, text }) => (
            <Copyable key={text} does={does} text={text} />
          ))}
        </>
      )}
    </aside>
  );
}

function closeOnEscape({ key }: KeyboardEvent): void {
  if (key === 'Escape') location.hash = hashOf({ view: 'tree', id: undefined });
}

function WhyOf({ row }: { readonly row: Row }) {
  const subject = subjectOf(row);
  return subject === undefined ? null : (
    <>
      <h3>Chain to the RDS</h3>
      <Why subject={subject} />
    </>
  );
}

function Facts({ row }: { readonly row: Row }) {
  const { id, object, pool, size, takenAt, nodes, kind } = row;
  const facts: [string, string][] = [
    ...(kind === 'gone' ? [] : [['Size', sizeText(size)] as [string, string]]),
    ...(takenAt === undefined
      ? []
      : [['Taken', `${timeText(takenAt)}, ${agoText(takenAt, Date.now())}`] as [string, string]]),
    ...(kind === 'volume' ? [['In use on', nodes?.join(', ') ?? 'no node'] as [string, string]] : []),
    ['Backend', `${id.slice(0, id.indexOf(':'))}${pool === undefined || pool === '' ? '' : `, pool ${pool}`}`],
    ['Id', id],
    ...(object === undefined
      ? []
      : [
          ['Kubernetes', `${kind === 'volume' ? 'PersistentVolume' : 'VolumeSnapshotContent'} ${object}`] as [
            string,
            string,
          ],
        ]),
  ];
  const notes = notesOf(row);
  return (
    <>
      <dl class="facts">
        {facts.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {notes.length > 0 && (
        <ul class="tags" aria-label="Notes">
          {notes.map(({ text, warns }) => (
            <li key={text} class={warns ? 'tag warns' : 'tag'}>
              {text}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Where else it is, and for a copy where its original is. */
function CopiesOf({ row, forest }: { readonly row: Row; readonly forest: Forest }) {
  const { kind, original, received, copies = [] } = row;
  if (kind === 'copy') {
    return (
      <>
        <h3>Copy</h3>
        <p>
          {received !== undefined && `It was received ${received}, by the clock of its RDS. `}
          {original?.is === 'gone' && 'Its original is gone. A claim of its RDS and pool still restores from it.'}
          {original?.is === 'unseen' && 'Whether its original is still there is not known: that RDS does not answer.'}
          {original?.is === 'there' && (
            <>
              Its original is there:{' '}
              <a href={hashOf({ view: 'tree', id: original.id })}>{nameOf(original.id, forest)}</a>.
            </>
          )}
        </p>
      </>
    );
  }
  if (copies.length === 0) return null;
  return (
    <>
      <h3>Copies</h3>
      <ul class="copies">
        {copies.map(({ what, backend, pool, id, received: at }) => (
          <li key={`${backend}/${pool} ${id ?? what}`}>
            {what} on {backend}/{pool}
            {at !== undefined && `, received ${at} by its clock`}
            {id !== undefined && <span class="muted"> {id}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

function nameOf(id: string, { rows, indexById }: Forest): string {
  const row = rows[indexById.get(id) ?? -1];
  return row === undefined ? id : titleOf(row);
}

/** What it came from, and how much came from it. */
function Family({ forest, at, row }: { readonly forest: Forest; readonly at: number; readonly row: Row }) {
  const above = ancestors(forest, at);
  const { volumes, snapshots } = countBelow(forest, at);
  return (
    <>
      <h3>Lineage</h3>
      {above.length > 0 && (
        <ol class="path" aria-label="What it came from">
          {above.map((one) => (
            <li key={one.id}>
              <a href={hashOf({ view: 'tree', id: one.id })}>{titleOf(one)}</a>
              <span class="muted"> {one.kind === 'gone' ? 'no longer there' : one.kind}</span>
            </li>
          ))}
        </ol>
      )}
      <p class="muted">
        {above.length === 0 && row.kind === 'volume' && 'It began empty. '}
        {volumes + snapshots === 0
          ? 'Nothing was made from it.'
          : `Made from it: ${[
              ...(snapshots > 0 ? [countText(snapshots, 'snapshot', 'snapshots')] : []),
              ...(volumes > 0 ? [countText(volumes, 'volume', 'volumes')] : []),
            ].join(', ')}. They stay whole when it is deleted.`}
      </p>
    </>
  );
}
