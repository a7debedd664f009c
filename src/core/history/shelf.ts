import { asFailure } from '../../base/failure.ts';
import type { HistoryKind } from '../../contract/history.ts';
import type { CorePorts } from '../ports.ts';
import { columnsOf } from './columns.ts';
import { pack, unpack } from './pack.ts';
import { createRing, prune, type Ring } from './ring.ts';

/** The rings that are in use, each with its document: this machine's, and one a network. */
export interface Shelf {
  /** Reads it from the disk the first time. Never rejects: what cannot be read begins empty. */
  open(name: string): Promise<Ring>;
  changed(name: string): void;
  /** Writes what changed, and puts away what is not among `inUse`. */
  save(inUse: readonly string[]): Promise<void>;
  /** Forgets it here and on the disk. */
  remove(name: string): Promise<void>;
}

interface Held {
  readonly ring: Promise<Ring>;
  changed: boolean;
}

export const hostName = 'history-host';
export const networkName = (profile: string): string => `history-${profile}`;
/** A profile's id is made of twelve letters, so none is called `host`. */
const kindOf = (name: string): HistoryKind => (name === hostName ? 'host' : 'network');

export function createShelf({ documents, log }: Pick<CorePorts, 'documents' | 'log'>): Shelf {
  const held = new Map<string, Held>();
  /** One write or removal after the other, so that a removal is never overtaken. */
  let last: Promise<void> = Promise.resolve();
  const inOrder = (work: () => Promise<void>): Promise<void> => {
    const done = last.then(work);
    last = done.catch(() => {}); // Whoever asked hears of it.
    return done;
  };

  async function load(name: string): Promise<Ring> {
    const own = columnsOf[kindOf(name)];
    const peers = kindOf(name) === 'network' ? columnsOf.peer : [];
    try {
      await last;
      const value = await documents.load(name);
      const ring = value === undefined ? undefined : unpack(value, own, peers);
      if (value !== undefined && !ring) await documents.reject(name);
      return ring ?? createRing(own, peers);
    } catch (error) {
      log.warn('history-not-read', { code: asFailure(error).code });
      return createRing(own, peers);
    }
  }

  async function write(name: string, entry: Held): Promise<void> {
    // What nobody changed may still be waiting to be read, behind this very write.
    if (held.get(name) !== entry || !entry.changed) return;
    const ring = await entry.ring;
    prune(ring);
    entry.changed = false;
    try {
      await documents.save(name, pack(ring));
    } catch (error) {
      // A full disk ends nothing: the day stays in memory and is written the next time.
      entry.changed = true;
      log.warn('history-not-stored', { code: asFailure(error).code });
    }
  }

  return {
    open: (name) => {
      const entry = held.get(name) ?? { ring: load(name), changed: false };
      held.set(name, entry);
      return entry.ring;
    },
    changed: (name) => {
      const entry = held.get(name);
      if (entry) entry.changed = true;
    },
    save: (inUse) => inOrder(async () => {
      for (const [name, entry] of [...held]) {
        await write(name, entry);
        if (!entry.changed && !inUse.includes(name) && held.get(name) === entry) held.delete(name);
      }
    }),
    remove: (name) => {
      held.delete(name);
      return inOrder(() => documents.remove(name));
    },
  };
}
