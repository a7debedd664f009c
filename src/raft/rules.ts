import { isMajority, majorityIndex, votersOf } from './quorum.ts';
import { type Configuration, type Index, type NodeId, type Server, type Term } from './types.ts';

/**
 * The decisions on which safety rests, one pure function each. They are gathered here so that each can be read beside its
 * sentence in the Raft paper, and so that a simulation can put a wrong one in its place and show that its checkers notice.
 */
export const rules = {
  /** §5.4.1: the log with the later last term is more up to date; with equal terms, the longer one. */
  upToDate: (candidateTerm: Term, candidateIndex: Index, ownTerm: Term, ownIndex: Index): boolean =>
    candidateTerm > ownTerm || (candidateTerm === ownTerm && candidateIndex >= ownIndex),
  /** §5.2: one vote a term, first come, first served; asking again gets the same answer. Voters are told apart by id, never by address. */
  mayVote: (votedFor: NodeId | null, candidate: NodeId): boolean => votedFor === null || votedFor === candidate,
  /** The vote that survives the change to a new term: none. */
  voteInNewTerm: (_votedFor: NodeId | null): NodeId | null => null,
  /** Thesis §4.2.3 and §9.6: who heard a leader within the shortest election timeout refuses to vote. */
  trustsLeader: (ticksSinceHeard: number, electionTicks: number): boolean => ticksSinceHeard < electionTicks,
  /** Thesis §9.6: a pre-vote asks, it changes nothing. */
  raisesTerm: (pre: boolean): boolean => !pre,
  /** §5.1: a request of an older term is refused. */
  speaksForLeader: (messageTerm: Term, ownTerm: Term): boolean => messageTerm >= ownTerm,
  /** §5.3: entries are taken only after the entry that the leader says comes before them. */
  followsOn: (ownTermAtPrev: Term | undefined, prevTerm: Term): boolean => ownTermAtPrev === prevTerm,
  /** §5.3: only a real conflict (same index, other term) deletes; a late short append deletes nothing. */
  conflicts: (ownTerm: Term | undefined, entryTerm: Term): boolean => ownTerm !== undefined && ownTerm !== entryTerm,
  /** Figure 2, AppendEntries 5: the smaller of leaderCommit and the index of the last NEW entry, not of the follower's own last entry. */
  followerCommit: (leaderCommit: Index, lastNew: Index, _ownLast: Index): Index => Math.min(leaderCommit, lastNew),
  /** §5.4.2: a leader counts replicas only for entries of its own term. */
  mayCommit: (entryTerm: Term | undefined, ownTerm: Term): boolean => entryTerm === ownTerm,
  /** What a majority of the configuration holds. */
  committable: (servers: readonly Server[], matchOf: (id: NodeId) => Index): Index => majorityIndex(votersOf(servers), matchOf),
  /** What this leader itself may be counted for: only what is on its disk. */
  ownMatch: (stableIndex: Index, _lastIndex: Index): Index => stableIndex,
  /** An election is won by a majority of the voters of the configuration in force. */
  elects: (servers: readonly Server[], votes: ReadonlyMap<NodeId, boolean>): boolean => isMajority(votersOf(servers), (id) => votes.get(id) === true),
  /** An answer counts only for the term in which its request was sent. */
  answerCounts: (requestTerm: Term, ownTerm: Term): boolean => requestTerm === ownTerm,
  /** Thesis §4.1: one change at a time, and only by a leader that has committed an entry of its own term. */
  mayChange: (configurationCommitted: boolean, ownTermCommitted: boolean): boolean => configurationCommitted && ownTermCommitted,
  /** §6: a configuration is in force from its append; truncation takes it back. */
  configurationInForce: <T>(latest: T, _committed: T): T => latest,
  /** Thesis §3.10: a leader that hands over takes no more proposals. */
  proposesWhile: (transferring: boolean): boolean => !transferring,
  /** Thesis §6.4: a read is served after a majority confirmed the leadership in a round begun after the read. */
  readConfirmed: (servers: readonly Server[], roundOf: (id: NodeId) => number, round: number): boolean => isMajority(votersOf(servers), (id) => roundOf(id) >= round),
  /** Thesis §6.2: a leader that has not heard from a majority within an election timeout steps down. */
  keepsLeading: (servers: readonly Server[], active: (id: NodeId) => boolean): boolean => isMajority(votersOf(servers), active),
  /**
   * Only a voter campaigns. One that its newest configuration leaves out still does while it does not know that to be committed
   * (thesis §4.2.2): it may hold the only log that can win, and nobody could commit its removal otherwise. `open` are the
   * configurations from the newest one known to be committed on.
   */
  mayCampaign: (open: readonly Configuration[], id: NodeId): boolean => open.some(({ servers }) => servers.some((server) => server.id === id && server.voter)),
};

export type Rules = typeof rules;
