import type { PeerState, WatchResponse } from '../../gen/webmesh/helper/v1/helper.ts';

export interface Traffic {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** What passed since the last look, by public key; only who had any. */
export type Growth = ReadonlyMap<string, Traffic>;

export const noGrowth: Growth = new Map();

/**
 * Turns the tunnels' counters into what passed in each between two looks, by tunnel id. A counter that fell counts from zero; so does one of a peer, or of a tunnel,
 * that was not there at the last look. What a tunnel carried before this core first saw the machine is nobody's: it is left out.
 */
export function createCounters(): (report: WatchResponse | null) => ReadonlyMap<string, Growth> {
  let seen: ReadonlyMap<string, Growth> | null = null;
  return (report) => {
    // No helper, no word: the counters may go on where they were.
    if (report === null) return new Map();
    const now = new Map(report.networks.map(({ tunnelId, tunnel }) => [tunnelId, trafficOf(tunnel?.peers ?? [])]));
    const before = seen ?? now;
    seen = now;
    return new Map([...now].map(([id, growth]) => [id, since(before.get(id) ?? noGrowth, growth)]));
  };
}

function trafficOf(peers: readonly PeerState[]): Growth {
  const now = new Map<string, Traffic>();
  for (const { publicKey, receiveBytes, transmitBytes } of peers) {
    const traffic = { receivedBytes: Number(receiveBytes), sentBytes: Number(transmitBytes) };
    if (traffic.receivedBytes > 0 || traffic.sentBytes > 0) now.set(publicKey, traffic);
  }
  return now;
}

function since(before: Growth, now: Growth): Growth {
  return new Map([...now].flatMap(([key, traffic]) => {
    const last = before.get(key);
    const grown = { receivedBytes: between(last?.receivedBytes, traffic.receivedBytes), sentBytes: between(last?.sentBytes, traffic.sentBytes) };
    return grown.receivedBytes > 0 || grown.sentBytes > 0 ? [[key, grown] as const] : [];
  }));
}

function between(before = 0, now: number): number {
  return now >= before ? now - before : now;
}
