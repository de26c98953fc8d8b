import { useEffect, useState } from 'preact/hooks';
import { agoText, clockText } from './format.ts';
import { Overview } from './overview.tsx';
import { hashOf, parseRoute, type Route } from './route.ts';
import { Tree } from './tree-view.tsx';
import { type Known, useNow, useScenes } from './use-scenes.tsx';

/** The page. */
export function App() {
  const known = useScenes();
  const route = useRoute();
  const { scene, lost } = known;
  useEffect(() => {
    document.title = route.view === 'tree' ? 'Volumes and snapshots – rose-csi console' : 'rose-csi console';
  }, [route.view]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <Header known={known} route={route} />
      {lost !== undefined && (
        <p class="banner" role="alert">
          <strong>The console does not answer</strong> since {clockText(lost.since)}: {lost.because}. What is shown is
          what it last reported.
        </p>
      )}
      <main id="main" tabIndex={-1} class={route.view}>
        {scene === undefined ? (
          <Reading />
        ) : route.view === 'tree' ? (
          <Tree scene={scene} opened={route.id} />
        ) : (
          <Overview scene={scene} readAt={known.readAt} trends={known.trends} />
        )}
      </main>
    </>
  );
}

function useRoute(): Route {
  const [route, setRoute] = useState(parseRoute(location.hash));
  useEffect(() => {
    const follow = (): void => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}

function Header({ known, route }: { readonly known: Known; readonly route: Route }) {
  const { scene } = known;
  const count = scene?.rows.filter(({ kind }) => kind === 'volume' || kind === 'snapshot').length;
  return (
    <header class="top">
      <p class="brand">
        <img src="icon.svg" alt="" width="22" height="22" /> rose-csi
      </p>
      <nav aria-label="Views">
        <a href={hashOf({ view: 'overview' })} aria-current={route.view === 'overview' ? 'page' : undefined}>
          Overview
        </a>
        <a href={hashOf({ view: 'tree', id: undefined })} aria-current={route.view === 'tree' ? 'page' : undefined}>
          Volumes<span class="wide"> and snapshots</span>
          {count !== undefined && <span class="count"> {count.toLocaleString('en')}</span>}
        </a>
      </nav>
      <Freshness known={known} />
    </header>
  );
}

/** How new what is shown is. */
function Freshness({ known: { scene, readAt, lost } }: { readonly known: Known }) {
  const now = useNow(1000);
  if (scene === undefined) return <p class="fresh">reading …</p>;
  return (
    <p class={lost === undefined ? 'fresh' : 'fresh stale'}>
      <span class="wide">read </span>
      <time dateTime={new Date(readAt).toISOString()}>{agoText(readAt, Math.max(now, readAt))}</time>
    </p>
  );
}

function Reading() {
  return (
    <section class="reading" aria-busy="true">
      <h1>Reading what the backends hold …</h1>
      <p class="muted">Thousands of snapshots take some seconds.</p>
    </section>
  );
}
