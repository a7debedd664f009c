import { type Clock } from '../../base/clock.ts';
import { type PathPeer } from '../../gen/webmesh/local/v1/local.ts';
import { type Driver } from './driver.ts';

/** Which peers are worked for. All of them while they are few; beyond that those that serve, and those with traffic, the newest first. */
export interface Wanted {
  roster(peers: readonly PathPeer[]): void;
  active(id: string): void;
  forget(id: string): void;
}

export const wantedMax = 256;

export function createWanted(clock: Clock, driver: Pick<Driver, 'send' | 'known'>): Wanted {
  /** In the order in which they were last active. */
  const wanted = new Map<string, number>();
  let serving = new Set<string>();
  let count = 0;

  function want(id: string): void {
    const isNew = !wanted.delete(id);
    wanted.set(id, clock.monotonicMs());
    if (isNew) {
      makeRoom();
      driver.send(id, { kind: 'wanted', wanted: true });
    }
  }

  function makeRoom(): void {
    if (wanted.size <= wantedMax) return;
    const oldest = [...wanted.keys()].find((id) => !serving.has(id)) ?? [...wanted.keys()][0];
    if (oldest === undefined) return;
    wanted.delete(oldest);
    driver.send(oldest, { kind: 'wanted', wanted: false });
  }

  return {
    roster: (peers) => {
      serving = new Set(peers.filter((peer) => peer.serves).map(({ id }) => id));
      count = peers.length;
      for (const { id, serves } of peers) if (!wanted.has(id) && (count <= wantedMax || (serves && wanted.size < wantedMax))) want(id);
    },
    active: (id) => {
      if (driver.known(id)) want(id);
    },
    forget: (id) => void wanted.delete(id),
  };
}
