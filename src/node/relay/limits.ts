import { type Clock } from '../../base/clock.ts';

export type RelayTier = 'turn' | 'stream';

export interface RelayCounters {
  readonly bytes: number;
  readonly datagrams: number;
  /** Dropped because the limit was reached. */
  readonly droppedDatagrams: number;
  readonly droppedBytes: number;
}

/** How much this node carries for others: one limit, whatever way the datagrams come. */
export interface RelayLimits {
  /** Bytes a second, both directions together; 0 relays nothing. */
  set(bytesPerSecond: number): void;
  bytesPerSecond(): number;
  /** Asked for each datagram before it is passed on; false: drop it. `member` is for whom it is carried. */
  take(bytes: number, tier: RelayTier, member: string): boolean;
  stats(): Readonly<Record<RelayTier, RelayCounters>>;
}

/** A second's worth may go at once in quarters: enough for a burst of TCP, too little to be felt as delay. */
const burstMs = 250;
const burstBytesMin = 64 * 1024;
/** Below this part of a full bucket, whoever had more than its share waits. */
const scarce = 0.5;
const activeMs = 1_000;
const membersMax = 1_024;

interface Member {
  left: number;
  atMs: number;
}

/**
 * A token bucket for the whole node, and one for each member that was heard within the last second, filled with an equal share. While there is
 * enough, nobody's share counts; once the bucket is half empty, only members within their share are served.
 */
export function createRelayLimits(clock: Pick<Clock, 'monotonicMs'>): RelayLimits {
  const members = new Map<string, Member>();
  const counters: Record<RelayTier, { -readonly [Name in keyof RelayCounters]: number }> = {
    turn: { bytes: 0, datagrams: 0, droppedBytes: 0, droppedDatagrams: 0 },
    stream: { bytes: 0, datagrams: 0, droppedBytes: 0, droppedDatagrams: 0 },
  };
  let rate = 0;
  let left = 0;
  let atMs = clock.monotonicMs();

  const burst = (): number => (rate === 0 ? 0 : Math.max(burstBytesMin, (rate * burstMs) / 1_000));

  function shareOf(name: string, nowMs: number): Member {
    const known = members.get(name);
    members.delete(name);
    for (const [other, { atMs: heardMs }] of members) {
      // In the order in which they were last heard.
      if (nowMs - heardMs <= activeMs && members.size < membersMax) break;
      members.delete(other);
    }
    const share = known ?? { left: burst() / (members.size + 1), atMs: nowMs };
    members.set(name, share);
    const count = members.size;
    share.left = Math.min(burst() / count, share.left + ((nowMs - share.atMs) / 1_000) * (rate / count));
    share.atMs = nowMs;
    return share;
  }

  function admits(bytes: number, member: string): boolean {
    const nowMs = clock.monotonicMs();
    left = Math.min(burst(), left + ((nowMs - atMs) / 1_000) * rate);
    atMs = nowMs;
    const share = shareOf(member, nowMs);
    if (left < bytes || (left < burst() * scarce && share.left < bytes)) return false;
    left -= bytes;
    share.left = Math.max(-burst(), share.left - bytes);
    return true;
  }

  return {
    set: (bytesPerSecond) => {
      if (bytesPerSecond === rate) return;
      rate = bytesPerSecond;
      left = burst();
      members.clear();
    },
    bytesPerSecond: () => rate,
    take: (bytes, tier, member) => {
      const admitted = admits(bytes, member);
      const counter = counters[tier];
      counter[admitted ? 'bytes' : 'droppedBytes'] += bytes;
      counter[admitted ? 'datagrams' : 'droppedDatagrams'] += 1;
      return admitted;
    },
    stats: () => ({ turn: { ...counters.turn }, stream: { ...counters.stream } }),
  };
}
