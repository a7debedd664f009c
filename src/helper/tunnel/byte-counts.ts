import { type DeviceStats, type PeerStats } from './uapi.ts';

/** A peer as callers see it: what the engine has forgotten of its bytes is counted in, and told beside. */
export interface CountedPeer extends PeerStats {
  readonly forgottenReceiveBytes: bigint;
  readonly forgottenTransmitBytes: bigint;
}

interface Count {
  /** What the engine said last. */
  readonly receive: bigint;
  readonly transmit: bigint;
  /** What engines counted before they forgot the peer. */
  readonly receiveBefore: bigint;
  readonly transmitBefore: bigint;
}

/** Counts peers' bytes on where the engine begins at zero because a peer was made anew: to callers a counter only grows while there is a tunnel. */
export interface ByteCounts {
  /** What the engine says, as callers see it. A counter that went back was forgotten by the engine. */
  seen(stats: DeviceStats): readonly CountedPeer[];
  /** The engine has forgotten what it last said of these peers. */
  forgotten(publicKeys: readonly string[]): void;
  /** Drops all other peers. */
  keep(publicKeys: readonly string[]): void;
  clear(): void;
}

const none: Count = { receive: 0n, transmit: 0n, receiveBefore: 0n, transmitBefore: 0n };

export function createByteCounts(): ByteCounts {
  const counts = new Map<string, Count>();

  function forget(publicKey: string): Count {
    const { receive, transmit, receiveBefore, transmitBefore } = counts.get(publicKey) ?? none;
    const count = { ...none, receiveBefore: receiveBefore + receive, transmitBefore: transmitBefore + transmit };
    counts.set(publicKey, count);
    return count;
  }

  return {
    seen: ({ peers }) => peers.map((peer) => {
      const last = counts.get(peer.publicKey) ?? none;
      const wentBack = peer.receiveBytes < last.receive || peer.transmitBytes < last.transmit;
      const { receiveBefore, transmitBefore } = wentBack ? forget(peer.publicKey) : last;
      counts.set(peer.publicKey, { receive: peer.receiveBytes, transmit: peer.transmitBytes, receiveBefore, transmitBefore });
      return {
        ...peer,
        receiveBytes: receiveBefore + peer.receiveBytes, transmitBytes: transmitBefore + peer.transmitBytes,
        forgottenReceiveBytes: receiveBefore, forgottenTransmitBytes: transmitBefore,
      };
    }),
    forgotten: (publicKeys) => publicKeys.forEach((key) => void forget(key)),
    keep: (publicKeys) => {
      const kept = new Set(publicKeys);
      for (const key of counts.keys()) if (!kept.has(key)) counts.delete(key);
    },
    clear: () => counts.clear(),
  };
}
