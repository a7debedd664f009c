import type { Cancel, Clock } from '../../base/clock.ts';
import { networksAtOnceMax } from '../../contract/networks.ts';
import { asFailure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import { leaseFromStored } from '../mesh/lease.ts';
import { fromStored, type RosterNode } from '../mesh/roster.ts';
import type { Documents } from '../ports.ts';
import type { Lease } from './state.ts';

/** What is kept of a network: enough to bring its tunnel up while nobody of it answers. */
export interface Kept {
  readonly lease: Lease | null;
  readonly nodes: readonly RosterNode[];
}

/** What was wished for last, so that a restart goes on with it. */
export interface Wish {
  /** The networks that are to be connected, in the order in which they were wished for. */
  readonly wanted: readonly string[];
}

/** As it was kept. Older versions knew which networks were wanted last, after all of them were disconnected. */
export interface KeptWish extends Wish {
  readonly last: readonly string[];
}

export interface Stored {
  load(profile: string): Promise<Kept>;
  /** Written a moment later, the newest value only. */
  save(profile: string, kept: Kept): void;
  forget(profile: string): Promise<void>;
  loadWish(): Promise<KeptWish>;
  saveWish(wish: Wish): Promise<void>;
  /** Writes what still waits. */
  flush(): Promise<void>;
}

const writeAfterMs = 500;
const nothing: Kept = { lease: null, nodes: [] };

export function createStored({ documents, clock, log }: { documents: Documents; clock: Clock; log: Log }): Stored {
  const waiting = new Map<string, Kept>();
  let cancel: Cancel | null = null;
  let writing: Promise<void> = Promise.resolve();

  const write = (): Promise<void> => {
    cancel?.();
    cancel = null;
    const batch = [...waiting];
    waiting.clear();
    writing = writing.then(async () => {
      for (const [profile, kept] of batch) await keep(() => documents.save(nameOf(profile), kept));
    });
    return writing;
  };
  /** A full disk must not end a connection: the next restart asks the mesh again instead. */
  const keep = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      log.warn('not-stored', { code: asFailure(error).code });
    }
  };
  return {
    load: async (profile) => {
      const pending = waiting.get(profile);
      if (pending) return pending;
      await writing;
      const value = await documents.load(nameOf(profile));
      if (value === undefined) return nothing;
      const lease = typeof value === 'object' && value !== null && 'lease' in value ? leaseFromStored(value.lease) : undefined;
      if (lease === undefined) {
        await documents.reject(nameOf(profile));
        return nothing;
      }
      return { lease, nodes: fromStored((value as { nodes?: unknown }).nodes) };
    },
    save: (profile, kept) => {
      waiting.set(profile, kept);
      cancel ??= clock.after(writeAfterMs, () => void write());
    },
    forget: async (profile) => {
      waiting.delete(profile);
      await writing;
      await documents.remove(nameOf(profile));
    },
    loadWish: async () => {
      const value = await documents.load('session');
      if (value === undefined) return noWish;
      const wish = wishFrom(value);
      if (wish === null) await documents.reject('session');
      return wish ?? noWish;
    },
    saveWish: (wish) => {
      writing = writing.then(() => keep(() => documents.save('session', wish)));
      return writing;
    },
    flush: () => write(),
  };
}

const noWish: KeptWish = { wanted: [], last: [] };

/** Older versions wished for one network at a time: `want`, `profile`. */
function wishFrom(value: unknown): KeptWish | null {
  if (typeof value !== 'object' || value === null) return null;
  if ('wanted' in value) {
    const wanted = idsFrom(value.wanted);
    return { wanted, last: 'last' in value ? idsFrom(value.last) : wanted };
  }
  if (!('want' in value)) return null;
  const last = 'profile' in value && typeof value.profile === 'string' ? [value.profile] : [];
  return { wanted: value.want === 'connected' ? last : [], last };
}

function idsFrom(list: unknown): readonly string[] {
  return Array.isArray(list) ? [...new Set(list.filter((id): id is string => typeof id === 'string'))].slice(0, networksAtOnceMax) : [];
}

function nameOf(profile: string): string {
  return `network-${profile}`;
}
