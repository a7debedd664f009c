import type { PathView } from '../../gen/webmesh/local/v1/local.ts';
import type { PathOverride } from '../tunnel/spec.ts';

/** What the tunnel is to do with each peer, by public key. */
export type Overrides = ReadonlyMap<string, PathOverride>;

/**
 * Turns the path finder's numbers into ours. It counts pushes and restarts of a peer from zero in each of its lives; the helper takes every
 * changed number as an order, so a finder that starts anew must not look like one that asks for something. Ours only grow: a number that
 * grew there grows here by as much, one that fell counts from zero.
 */
export interface Counting {
  /** Takes a view of the finder. Null: there is none; endpoints go back to the advertised ones, and nobody is made anew for it. */
  take(paths: readonly PathView[] | null): Overrides;
  /** Another process: its numbers have nothing to do with those before. */
  anotherLife(): void;
}

interface Seen {
  readonly push: number;
  readonly restart: number;
}

/** Keys that are remembered: those of the last views. A mesh is smaller. */
const keysMax = 20_000;
const none: Seen = { push: 0, restart: 0 };

export function countOverrides(): Counting {
  const ours = new Map<string, Seen>();
  let theirs = new Map<string, Seen>();

  function countedFor({ publicKey, push, restart }: PathView): Seen {
    const [before, sum] = [theirs.get(publicKey) ?? none, ours.get(publicKey) ?? none];
    const counted = { push: grown(sum.push, before.push, push), restart: grown(sum.restart, before.restart, restart) };
    ours.set(publicKey, counted);
    return counted;
  }

  return {
    take: (paths) => {
      const taken = new Map<string, PathOverride>();
      for (const view of paths ?? []) taken.set(view.publicKey, { endpoint: view.endpoint, ...countedFor(view) });
      if (paths !== null) theirs = new Map(paths.map(({ publicKey, push, restart }) => [publicKey, { push, restart }]));
      for (const [key, counted] of ours) if (!taken.has(key)) taken.set(key, { endpoint: '', ...counted });
      if (ours.size > keysMax) for (const key of ours.keys()) if (!theirs.has(key)) ours.delete(key);
      return taken;
    },
    anotherLife: () => {
      theirs = new Map();
    },
  };
}

function grown(sum: number, before: number, now: number): number {
  return (sum + (now >= before ? now - before : now)) >>> 0;
}
