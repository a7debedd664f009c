import { failure } from '../../base/failure.ts';
import { type FenceFile, type TunnelPlace } from '../ports.ts';
import { tunnelIdPattern } from './spec.ts';

/** Orders compare by epoch, then by revision. */
export interface Generation {
  readonly epoch: bigint;
  readonly revision: bigint;
}

export type OrderKind = 'tunnel' | 'node';

/**
 * Refuses orders that are older than one already seen for the same tunnel. Streams and retries can deliver an old clear after a new apply:
 * the generation decides, not the order of arrival. Tunnel and node count revisions apart, because a core sends both under one epoch, in
 * parallel; an epoch that ended is over for both.
 */
export interface Fence {
  newest(): Generation;
  /** Throws helper.stale for an older order, input.invalid for none. */
  pass(kind: OrderKind, generation: Generation | undefined): Promise<Generation>;
}

/** One fence for each tunnel of each user. What one user orders never makes another's orders late. */
export interface Fences {
  of(place: TunnelPlace): Fence;
  /** The newest of all fences of this user. */
  newest(uid: number): Generation;
}

interface Seen extends TunnelPlace {
  tunnel: Generation;
  node: Generation;
}

const none: Generation = { epoch: 0n, revision: 0n };
const uint64Max = 2n ** 64n - 1n;
/** How many tunnels are remembered. The one that was ordered about the longest ago gives way, unless it is `inUse`. */
const placesMax = 64;

/** The file lives as long as the machine runs: a reboot ends every caller whose order could be late. */
export async function openFences(file: FenceFile, inUse: (place: TunnelPlace) => boolean): Promise<Fences> {
  const { places, before } = parse(await file.read());
  const all = new Map(places.map((seen) => [nameOf(seen), seen]));
  let writing: Promise<unknown> = Promise.resolve();

  /** One write at a time, each with what is newest then. */
  function write(): Promise<void> {
    const result = writing.then(() => file.write(textOf([...all.values()], before)));
    writing = result.catch(() => {});
    return result;
  }

  function raise(place: TunnelPlace, seen: Seen, kind: OrderKind, generation: Generation): void {
    seen[kind] = generation;
    // Anew, so that the last one is the one ordered about last.
    all.delete(nameOf(place));
    all.set(nameOf(place), seen);
    for (const [name, old] of all) if (all.size > placesMax && old !== seen && !inUse(old)) all.delete(name);
  }

  function fenceOf(place: TunnelPlace): Fence {
    const seenNow = (): Seen => all.get(nameOf(place)) ?? { uid: place.uid, tunnelId: place.tunnelId, tunnel: before, node: before };
    const newest = (): Generation => newer(seenNow().tunnel, seenNow().node);
    return {
      newest,
      pass: async (kind, generation) => {
        if (generation === undefined || generation.epoch < 1n) throw failure('input.invalid', { field: 'generation', reason: 'missing' });
        const seen = seenNow();
        if (generation.epoch < newest().epoch || older(generation, seen[kind])) throw failure('helper.stale', { got: wordOf(generation), seen: wordOf(newest()) });
        if (older(seen[kind], generation)) {
          raise(place, seen, kind, generation);
          await write();
        }
        return generation;
      },
    };
  }

  return {
    of: fenceOf,
    newest: (uid) => [...all.values()].filter((seen) => seen.uid === uid).reduce((best, { tunnel, node }) => newer(best, newer(tunnel, node)), before),
  };
}

export function older(a: Generation, b: Generation): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.revision < b.revision);
}

function newer(a: Generation, b: Generation): Generation {
  return older(a, b) ? b : a;
}

function nameOf({ uid, tunnelId }: TunnelPlace): string {
  return `${uid}/${tunnelId}`;
}

function wordOf({ epoch, revision }: Generation): string {
  return `${epoch}.${revision}`;
}

function textOf(places: readonly Seen[], before: Generation): string {
  const plain = ({ epoch, revision }: Generation) => ({ epoch: String(epoch), revision: String(revision) });
  return JSON.stringify({ places: places.map(({ uid, tunnelId, tunnel, node }) => ({ uid, tunnelId, tunnel: plain(tunnel), node: plain(node) })), before: plain(before) });
}

/**
 * A file that cannot be read counts as none: the fences then start low, and the first order of this life raises its own. An earlier version
 * kept one pair of generations for the whole machine, at the top: no tunnel's orders go below that (`before`).
 */
function parse(text: string | undefined): { readonly places: readonly Seen[]; readonly before: Generation } {
  const value = recordOf(text === undefined ? {} : safeJson(text));
  const list: readonly unknown[] = Array.isArray(value['places']) ? value['places'] : [];
  const before = [value['tunnel'], value['node'], value['before']].map(generationFrom).reduce(newer, none);
  return { places: list.slice(-placesMax).flatMap((entry) => seenFrom(recordOf(entry))), before };
}

function seenFrom({ uid, tunnelId, tunnel, node }: Readonly<Record<string, unknown>>): readonly Seen[] {
  // A number has 32 bits on most systems, and 48 on Windows.
  if (typeof uid !== 'number' || !Number.isSafeInteger(uid) || uid < 0) return [];
  if (typeof tunnelId !== 'string' || !tunnelIdPattern.test(tunnelId)) return [];
  return [{ uid, tunnelId, tunnel: generationFrom(tunnel), node: generationFrom(node) }];
}

function generationFrom(part: unknown): Generation {
  const { epoch, revision } = recordOf(part);
  const [first, second] = [epoch, revision].map((text) => (typeof text === 'string' && /^\d{1,20}$/.test(text) ? BigInt(text) : uint64Max + 1n)) as [bigint, bigint];
  return first > uint64Max || second > uint64Max ? none : { epoch: first, revision: second };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Treated as no file, see above.
    return {};
  }
}
