/** What other nodes hold in the two unique endpoint columns. */
export interface TakenEndpoints {
  readonly primary: ReadonlySet<string>;
  readonly lists: ReadonlySet<string>;
}

/**
 * How a node's endpoints are written so that two nodes behind one address can both be members. The schema wants each primary endpoint
 * and each list text once: a primary endpoint that another node has already becomes the first of the further endpoints, and a list
 * that stands elsewhere is told apart by repeating its last address, which means nothing to any reader.
 */
export function placeEndpoints(primary: string, endpoints: readonly string[], taken: TakenEndpoints): { primary: string | null; list: string | null; shared: boolean } {
  const shared = primary !== '' && taken.primary.has(primary);
  const all = [...new Set(shared ? [primary, ...endpoints] : endpoints)];
  return { primary: shared || primary === '' ? null : primary, list: distinctList(all, taken.lists), shared };
}

function distinctList(endpoints: readonly string[], taken: ReadonlySet<string>): string | null {
  const last = endpoints.at(-1);
  if (last === undefined) return null;
  let text = endpoints.join(',');
  while (taken.has(text)) text += `,${last}`;
  return text;
}
