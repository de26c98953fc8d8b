/**
 * The keys in a file of host keys, one a line: `SHA256:…` fingerprints, or lines of a `.pub` or `known_hosts` file, as
 * `ssh-keyscan` prints them. Empty lines and those that begin with `#` are passed over.
 *
 * @throws Error for a line with a marker (`@revoked`, `@cert-authority`): what it means is not what pinning it would do.
 */
export function hostKeyLines(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  const marked = lines.find((line) => line.startsWith('@'));
  if (marked !== undefined) {
    throw new Error(`a line begins with "${marked.split(/\s/)[0]}"; only plain keys can be pinned`);
  }
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}
