import { useRef, useState } from 'preact/hooks';

/** How long it is said that something was copied, in ms. */
const SAID_MS = 2_000;

/** A command with a button that copies it. Nothing runs it. */
export function Copyable({ text, does }: { readonly text: string; readonly does?: string | undefined }) {
  const code = useRef<HTMLElement>(null);
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    const isCopied = await copied(text);
    // Browsers give pages without TLS no clipboard: then it is selected, for the keys that copy.
    if (!isCopied && code.current !== null) getSelection()?.selectAllChildren(code.current);
    setSaid(isCopied ? 'Copied' : 'Selected');
    setTimeout(() => setSaid(''), SAID_MS);
  };
  return (
    <div class="command">
      {does !== undefined && <p class="does">{does}</p>}
      <div class="line">
        <code ref={code}>{text}</code>
        <button type="button" onClick={() => void copy()} aria-label={`Copy: ${text}`}>
          Copy
        </button>
        <span class="said" role="status">
          {said}
        </span>
      </div>
    </div>
  );
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
