import * as z from 'zod';
import { KubernetesError, type Listed } from './cluster.ts';
import { page } from './objects.ts';

/** Objects of one page of a list. */
const PAGE = 500;
/** Pages after which something else is wrong: a server that gives the same page forever. */
const MAX_PAGES = 10_000;

/**
 * All pages of a list, which show one moment; one that expires on the way fails, since it could lack objects.
 *
 * @param what for the message of an error
 * @param fetch asks for one page
 * @param isWanted of which objects something is kept; by default of all. A list may be long, and little of it wanted.
 * @throws KubernetesError when the list cannot be read to its end.
 */
export async function readPages<T>(
  what: string,
  item: z.ZodType<T>,
  fetch: (query: Readonly<Record<string, string>>) => Promise<unknown>,
  isWanted: (item: T) => boolean = () => true,
): Promise<Listed<T>> {
  const items: T[] = [];
  let resourceVersion: string | undefined;
  let token: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const query = { limit: String(PAGE), ...(token !== undefined && { continue: token }) };
    const answer = parse(page, await fetch(query), what);
    resourceVersion ??= answer.metadata.resourceVersion;
    if (answer.metadata.resourceVersion !== resourceVersion) {
      throw new KubernetesError(`${what}: its pages are of different moments`);
    }
    items.push(...parse(z.array(item), answer.items ?? [], what).filter(isWanted));
    token = answer.metadata.continue || undefined;
    if (token === undefined) return { items, resourceVersion };
  }
  throw new KubernetesError(`${what}: more than ${MAX_PAGES} pages`);
}

/** @throws KubernetesError when the answer lacks what is used of it. */
export function parse<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new KubernetesError(`${what}: not what was asked for: ${issue?.path.join('.')}: ${issue?.message}`);
}
