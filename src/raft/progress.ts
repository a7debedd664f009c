import { type Index } from './types.ts';

/**
 * What a leader knows of one other member.
 * probe: the place where the logs meet is being looked for, one append at a time; replicate: appends are sent ahead;
 * snapshot: a snapshot is on its way and nothing else is sent.
 */
export interface Peer {
  state: 'probe' | 'replicate' | 'snapshot';
  /** Highest index known to be on the peer's disk and equal to ours. */
  match: Index;
  /** The index to send next. Always above `match`. */
  next: Index;
  inFlight: number;
  /** Highest commit index that is on its way or delivered; 0 when unsure. */
  sentCommit: Index;
  /** An append is due although there may be nothing new: to probe, or to refresh. */
  due: boolean;
  /** No appends before this tick, unless the peer is heard earlier. */
  pausedUntil: number;
  sentAt: number;
  /** Tick of the last heartbeat to it. */
  beatAt: number;
  /** Tick of the last answer of any kind. */
  contactAt: number;
  /** Tick of the last hint from outside that it is there again. Nothing is concluded from it but how often it is looked for. */
  expectedAt: number;
  /**
   * The round of reads that each heartbeat under way belongs to, oldest first. An answer is taken for the oldest and a lost one for
   * the newest: whatever the order in which the transport settles them, no round is confirmed that was not.
   */
  heartbeats: number[];
  confirmedRound: number;
  /** Answers to heartbeats that were given up: they confirm nothing. */
  strayHeartbeats: number;
  /** How far the next refusal steps back; doubles with each. */
  stepBack: number;
}

export function createPeer(lastIndex: Index, now: number): Peer {
  return {
    state: 'probe', match: 0, next: lastIndex + 1, inFlight: 0, sentCommit: 0, due: true, pausedUntil: 0, sentAt: now, beatAt: Number.NEGATIVE_INFINITY, contactAt: now, expectedAt: now,
    heartbeats: [], confirmedRound: 0, strayHeartbeats: 0, stepBack: 1,
  };
}

/** Back to looking for the meeting point: from what is known for sure if entries were sent ahead, else from where the search stands. */
export function probe(peer: Peer): void {
  if (peer.state !== 'probe') peer.next = peer.match + 1;
  peer.state = 'probe';
  peer.inFlight = 0;
  peer.sentCommit = 0;
  peer.due = true;
}

/** The peer holds everything up to `index`. */
export function matched(peer: Peer, index: Index): void {
  peer.match = Math.max(peer.match, index);
  peer.next = Math.max(peer.next, peer.match + 1);
  peer.stepBack = 1;
  if (peer.state !== 'probe') return;
  peer.state = 'replicate';
  peer.next = peer.match + 1;
}

/**
 * The peer refused an append that would have ended at `asked`, and its log ends at `lastIndex`. Steps back at least to its end, and
 * by ever more while refusals go on: sending entries again that it has does no harm. False when the refusal is an old one.
 * A peer whose log ends before what it once held has lost it: it starts anew. Knowing less than is true is always safe.
 */
export function refused(peer: Peer, asked: Index, lastIndex: Index, firstIndex: Index): boolean {
  if (asked < peer.match || peer.state === 'snapshot') return false;
  if (lastIndex < peer.match) peer.match = 0;
  const stepped = Math.min(peer.next - peer.stepBack, lastIndex + 1);
  const floor = peer.next > firstIndex ? Math.max(firstIndex, peer.match + 1) : peer.match + 1;
  const next = Math.max(stepped, floor, 1);
  peer.stepBack *= 2;
  probe(peer);
  peer.next = Math.max(next, 1);
  return true;
}
