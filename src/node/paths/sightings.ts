import { type Clock } from '../../base/clock.ts';
import { type PeerState } from '../../gen/webmesh/helper/v1/helper.ts';
import { type PathPeer } from '../../gen/webmesh/local/v1/local.ts';
import { type Driver } from './driver.ts';
import { type Seen } from './state.ts';

/** Turns what the tunnel reports into events of those peers for which something changed. */
export interface Sightings {
  roster(peers: readonly PathPeer[]): void;
  /** The peers that traffic or a new handshake was seen of. */
  look(states: readonly PeerState[]): readonly string[];
}

export function createSightings(clock: Clock, driver: Pick<Driver, 'send'>): Sightings {
  let ids = new Map<string, string>();
  const last = new Map<string, Seen>();

  function sight(id: string, state: PeerState): boolean {
    const atMs = clock.monotonicMs();
    const handshake = Number(state.lastHandshakeMs);
    const seen: Seen = {
      atMs, endpoint: state.endpoint, receivedBytes: Number(state.receiveBytes), sentBytes: Number(state.transmitBytes),
      handshakeMs: handshake === 0 ? null : Math.min(atMs, atMs - (clock.nowMs() - handshake)),
    };
    const before = last.get(id);
    const same = before !== undefined && before.endpoint === seen.endpoint && before.receivedBytes === seen.receivedBytes && before.sentBytes === seen.sentBytes && before.handshakeMs === seen.handshakeMs;
    if (same) return false;
    last.set(id, seen);
    driver.send(id, { kind: 'seen', seen });
    return before !== undefined && (seen.sentBytes > before.sentBytes || seen.handshakeMs !== before.handshakeMs);
  }

  return {
    roster: (peers) => {
      ids = new Map(peers.map((peer) => [peer.publicKey, peer.id]));
      const known = new Set(ids.values());
      for (const id of last.keys()) if (!known.has(id)) last.delete(id);
    },
    look: (states) => states.flatMap((state) => {
      const id = ids.get(state.publicKey);
      return id !== undefined && sight(id, state) ? [id] : [];
    }),
  };
}
