import { useState } from 'preact/hooks';
import type { Subject, WhyScene } from '../scene.ts';
import { Copyable } from './copyable.tsx';

type Asked =
  | { readonly is: 'not yet' | 'asking' }
  | { readonly is: 'answered'; readonly answer: WhyScene }
  | { readonly is: 'failed'; readonly because: string };

const STATES = { fine: 'as it should be', waiting: 'goes on by itself', stuck: 'stuck', unknown: 'not known' } as const;

/** The chain from Kubernetes to the RDS, walked when someone asks for it. */
export function Why({ subject }: { readonly subject: Subject }) {
  const [asked, setAsked] = useState<Asked>({ is: 'not yet' });
  const ask = async (): Promise<void> => {
    setAsked({ is: 'asking' });
    setAsked(await walk(subject));
  };
  return (
    <div class="why">
      <div aria-live="polite">
        {asked.is === 'asking' && <p class="muted">Walking the chain …</p>}
        {asked.is === 'failed' && <p class="note">It could not be walked: {asked.because}</p>}
        {asked.is === 'answered' && <Answer answer={asked.answer} />}
      </div>
      <button type="button" onClick={() => void ask()} disabled={asked.is === 'asking'}>
        {asked.is === 'not yet' ? 'Walk the chain' : 'Walk it again'}
        <span class="unseen">
          {' '}
          of {subject.namespace}/{subject.name}
        </span>
      </button>
    </div>
  );
}

async function walk({ kind, namespace, name }: Subject): Promise<Asked> {
  try {
    const query = new URLSearchParams({ object: `${kind}/${name}`, namespace });
    const response = await fetch(`api/why?${query}`, { cache: 'no-store' });
    if (!response.ok) return { is: 'failed', because: (await response.text()).trim() };
    return { is: 'answered', answer: (await response.json()) as WhyScene };
  } catch (error) {
    return { is: 'failed', because: error instanceof Error ? error.message : String(error) };
  }
}

function Answer({ answer: { result, chain, findings, notSeen } }: { readonly answer: WhyScene }) {
  return (
    <>
      <ol class="chain">
        {chain.map(({ what, how, state }) => (
          <li key={what} class={state}>
            <span class="unseen">{STATES[state]}: </span>
            <strong>{what}</strong> <span>{how}</span>
          </li>
        ))}
      </ol>
      {notSeen.map((spot) => (
        <p key={spot} class="note">
          {spot}
        </p>
      ))}
      {findings.length === 0 && result === 'fine' && <p>Nothing is stuck.</p>}
      {findings.map(({ state, what, why, message, next, command }) => (
        <div key={what} class={`finding ${state}`}>
          <h4>
            <span class="mark">{STATES[state]}</span> {what}
          </h4>
          <p>{why}</p>
          {message !== undefined && <p class="message">{message}</p>}
          <p>{next}</p>
          {command !== undefined && <Copyable text={command} />}
        </div>
      ))}
    </>
  );
}
