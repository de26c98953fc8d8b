/** What is shown: an overview, or the tree with the details of one object of it. */
export type Route = { readonly view: 'overview' } | { readonly view: 'tree'; readonly id: string | undefined };

/** The route that the fragment of an address says; the overview for any other text. */
export function parseRoute(hash: string): Route {
  const [view = '', id = ''] = hash.replace(/^#\/?/, '').split('/');
  return view === 'tree' ? { view, id: id === '' ? undefined : decoded(id) } : { view: 'overview' };
}

/** The fragment of the address that leads to a route. */
export function hashOf(route: Route): string {
  if (route.view === 'overview') return '#/';
  return route.id === undefined ? '#/tree' : `#/tree/${encodeURIComponent(route.id)}`;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
