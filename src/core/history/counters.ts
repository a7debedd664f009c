import type { WatchResponse } from '../../gen/webmesh/helper/v1/helper.ts';

export interface Traffic {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** What passed since the last look, by public key; only who had any. */
export type Growth = ReadonlyMap<string, Traffic>;

/**
 * Turns the tunnel's counters into what passed between two looks. A counter that fell counts from zero; so does one of a peer, or of a tunnel,
 * that was not there at the last look. What a tunnel carried before this core first saw the machine is nobody's: it is left out.
 */
export function createCounters(): (report: WatchResponse | null) => Growth {
  let seen: ReadonlyMap<string, Traffic> | null = null;
  return (report) => {
    // No helper, no word: the counters may go on where they were.
    if (report === null) return new Map();
    const now = new Map<string, Traffic>();
    for (const { publicKey, receiveBytes, transmitBytes } of report.tunnel?.peers ?? []) {
      const traffic = { receivedBytes: Number(receiveBytes), sentBytes: Number(transmitBytes) };
      if (traffic.receivedBytes > 0 || traffic.sentBytes > 0) now.set(publicKey, traffic);
    }
    const before = seen ?? now;
    seen = now;
    return new Map([...now].flatMap(([key, traffic]) => {
      const last = before.get(key);
      const grown = { receivedBytes: between(last?.receivedBytes, traffic.receivedBytes), sentBytes: between(last?.sentBytes, traffic.sentBytes) };
      return grown.receivedBytes > 0 || grown.sentBytes > 0 ? [[key, grown] as const] : [];
    }));
  };
}

function between(before = 0, now: number): number {
  return now >= before ? now - before : now;
}
