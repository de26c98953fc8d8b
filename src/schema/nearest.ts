/** The known name that was most likely meant by one that is not known; undefined when none is like it. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((candidate) => ({ candidate, edits: editsBetween(plain(name), plain(candidate)) }))
    .toSorted((a, b) => a.edits - b.edits);
  if (best === undefined) return undefined;
  // One slip in a short name, one more for each five letters.
  const slips = 1 + Math.floor(Math.min(name.length, best.candidate.length) / 5);
  return best.edits <= slips ? best.candidate : undefined;
}

/** `cluster_id` and `ClusterID` are `clusterId` to whoever typed them. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** Letters to insert, remove, replace, or exchange with their neighbour (optimal string alignment). */
function editsBetween(from: string, to: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let at = 1; at <= from.length; at += 1) {
    const next = [at];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[at - 1] === to[column - 1];
      const isExchanged = from[at - 1] === to[column - 2] && from[at - 2] === to[column - 1];
      const changes = [cell(row, column) + 1, cell(next, column - 1) + 1, cell(row, column - 1) + (isSame ? 0 : 1)];
      next.push(Math.min(...changes, isExchanged ? cell(before, column - 2) + 1 : Number.POSITIVE_INFINITY));
    }
    [before, row] = [row, next];
  }
  return cell(row, to.length);
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
