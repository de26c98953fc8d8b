import type { FailureScene, Matter, Scene } from '../scene.ts';
import { Copies } from './copies.tsx';
import { Copyable } from './copyable.tsx';
import { agoText, countText, titleOf } from './format.ts';
import { hashOf } from './route.ts';
import { Storage } from './storage.tsx';
import type { Trends } from './trend.ts';
import { Why } from './why.tsx';

/** How the backends are, what needs a look, and what failed of late. */
export function Overview(props: { readonly scene: Scene; readonly readAt: number; readonly trends: Trends }) {
  const { scene, readAt } = props;
  return (
    <>
      <section class="summary">
        <h1>{verdict(scene)}</h1>
        <Totals scene={scene} />
        <ClusterNote scene={scene} />
      </section>
      {scene.matters.length > 0 && <Matters scene={scene} />}
      <Storage {...props} />
      <Copies scene={scene} readAt={readAt} />
      <Failures failures={scene.failures} scene={scene} now={readAt} />
    </>
  );
}

/** The first thing to know, in one sentence. */
function verdict({ backends, cluster, matters, lookedAtAgain = 0 }: Scene): string {
  const lost = backends.filter(({ answers }) => !answers);
  if (lost.length > 0) return `${lost.map(({ name }) => name).join(', ')} cannot be read`;
  if (cluster.is === 'unseen') return 'Kubernetes cannot be asked';
  if (matters.length > 0) return `${countText(matters.length, 'thing needs', 'things need')} a look`;
  // What one look has seen may be a call at work; the next one tells.
  if (lookedAtAgain > 0) return `${countText(lookedAtAgain, 'object is', 'objects are')} looked at again`;
  return backends.length === 1
    ? 'The RDS answers, and nothing needs a look'
    : 'Every RDS answers, and nothing needs a look';
}

/** What there is, in one line. */
function Totals({ scene: { backends, rows } }: { readonly scene: Scene }) {
  const volumes = rows.filter(({ kind }) => kind === 'volume').length;
  const snapshots = rows.filter(({ kind }) => kind === 'snapshot').length;
  return (
    <p class="totals">
      {countText(backends.length, 'RDS', 'RDS')}, {countText(volumes, 'volume', 'volumes')},{' '}
      {countText(snapshots, 'snapshot', 'snapshots')}
    </p>
  );
}

function ClusterNote({ scene: { cluster } }: { readonly scene: Scene }) {
  if (cluster.is === 'off') {
    return (
      <p class="muted">Kubernetes is not asked, so volumes have no claims here and nothing is called an orphan.</p>
    );
  }
  if (cluster.is === 'unseen') {
    return (
      <p class="note">
        <strong>Without Kubernetes</strong> volumes have no claims here, and nothing is called an orphan:{' '}
        {cluster.because}
      </p>
    );
  }
  if (cluster.unseen.length === 0) return null;
  return <p class="note">Not everything in Kubernetes could be looked at: {cluster.unseen.join('; ')}</p>;
}

function Matters({ scene }: { readonly scene: Scene }) {
  return (
    <section aria-labelledby="matters">
      <h2 id="matters" class="unseen">
        Needs a look
      </h2>
      <ul class="matters">
        {scene.matters.map((matter) => (
          <li key={matter.says} class={matter.urgency}>
            <MatterText matter={matter} scene={scene} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function MatterText({ matter, scene }: { readonly matter: Matter; readonly scene: Scene }) {
  const { urgency, says, remedy, code, ids = [], subject, commands } = matter;
  return (
    <>
      <h3>
        <span class="mark">{urgency === 'act' ? 'Act' : 'Look'}</span> {says}
      </h3>
      {remedy !== undefined && <p>{remedy}</p>}
      {ids.length > 0 && <Links ids={ids} scene={scene} />}
      {subject !== undefined && <Why subject={subject} />}
      {commands.map((text) => (
        <Copyable key={text} text={text} />
      ))}
      {code !== undefined && <p class="code">{code}</p>}
    </>
  );
}

/** Links to rows of the tree. What is not in it has none. */
function Links({ ids, scene }: { readonly ids: readonly string[]; readonly scene: Scene }) {
  const rows = new Map(scene.rows.map((row) => [row.id, row]));
  return (
    <ul class="links">
      {ids.map((id) => {
        const row = rows.get(id);
        return (
          <li key={id}>
            {row === undefined ? <span>{id}</span> : <a href={hashOf({ view: 'tree', id })}>{titleOf(row)}</a>}
          </li>
        );
      })}
    </ul>
  );
}

function Failures(props: { readonly failures: readonly FailureScene[]; readonly scene: Scene; readonly now: number }) {
  const { failures, scene, now } = props;
  if (scene.cluster.is !== 'asked') return null;
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">Recent failures</h2>
      {failures.length === 0 ? (
        <p class="muted">Kubernetes has no Event of a failure of the driver. It forgets Events after an hour.</p>
      ) : (
        <ol class="failures">
          {failures.map((failure) => (
            <Failure key={`${failure.about} ${failure.code} ${failure.at}`} failure={failure} now={now} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Failure({ failure, now }: { readonly failure: FailureScene; readonly now: number }) {
  const { at, count, about, subject, code, says, remedy, message } = failure;
  return (
    <li>
      <p class="when">
        <time dateTime={new Date(at).toISOString()}>{agoText(at, now)}</time>
        {count > 1 && <span>, {countText(count, 'time', 'times')}</span>}
      </p>
      <div>
        <h3>{says.slice(0, 1).toUpperCase() + says.slice(1)}</h3>
        <p class="about">{about}</p>
        {remedy !== '' && <p>{remedy}.</p>}
        {subject !== undefined && <Why subject={subject} />}
        <details>
          <summary>
            The words of the Event <span class="code">{code}</span>
          </summary>
          <p class="message">{message}</p>
        </details>
      </div>
    </li>
  );
}
