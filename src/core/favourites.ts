import { z } from 'zod';
import { type Cell, cell, type ReadCell } from '../base/cell.ts';
import { failure } from '../base/failure.ts';
import { inTurns } from '../base/in-turn.ts';
import { readAs } from '../contract/read-as.ts';
import type { Documents } from './ports.ts';

/** A favourite is for what is used daily; more than this in one network is a list again. */
export const favouritesMax = 256;
const networksMax = 100;
const documentSchema = z.object({
  networks: z.record(z.string().regex(/^[a-z0-9]{1,32}$/), z.array(z.string().min(1).max(253)).max(favouritesMax)).refine((networks) => Object.keys(networks).length <= networksMax),
});
type FavouritesDocument = z.infer<typeof documentSchema>;

/** The peers that a person marked, for each network. Kept while a peer is away: it may come back. */
export interface Favourites {
  readonly document: ReadCell<FavouritesDocument>;
  of(profile: string | undefined): ReadonlySet<string>;
  /** Rejects with input.limit beyond `favouritesMax`, and as Documents do. */
  set(profile: string, peer: string, on: boolean): Promise<void>;
  forget(profile: string): Promise<void>;
}

const documentName = 'favourites';
const none: ReadonlySet<string> = new Set();

/** Reads the favourites. A document that makes no sense is set aside. */
export async function loadFavourites(documents: Documents): Promise<Favourites> {
  const stored = await documents.load(documentName);
  const parsed = readAs(documentSchema, stored);
  if (stored !== undefined && !parsed.success) await documents.reject(documentName);
  const document: Cell<FavouritesDocument> = cell(parsed.success ? parsed.data : { networks: {} });
  const inTurn = inTurns();

  /** One after the other: two stars that are set at once must both be kept. On disk first, then shown. */
  const change = (next: (networks: FavouritesDocument['networks']) => FavouritesDocument['networks'] | null): Promise<void> => inTurn(async () => {
    const networks = next(document.get().networks);
    if (networks === null) return;
    await documents.save(documentName, { networks });
    document.set({ networks });
  });

  return {
    document,
    of: (profile) => setOf(profile === undefined ? undefined : document.get().networks[profile]),
    set: (profile, peer, on) => change((networks) => {
      const before = networks[profile] ?? [];
      if (before.includes(peer) === on) return null;
      if (on && before.length >= favouritesMax) throw failure('input.limit', { what: 'favourites', most: favouritesMax });
      return { ...networks, [profile]: on ? [...before, peer] : before.filter((id) => id !== peer) };
    }),
    forget: (profile) => change(({ [profile]: gone, ...rest }) => (gone === undefined ? null : rest)),
  };
}

/** The peers topic asks ten times a second; a list becomes a set once. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

function setOf(list: readonly string[] | undefined): ReadonlySet<string> {
  if (list === undefined) return none;
  const known = sets.get(list) ?? new Set(list);
  sets.set(list, known);
  return known;
}
