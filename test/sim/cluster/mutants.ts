import { majority, votersOf } from '../../../src/raft/quorum.ts';
import { type Index, type NodeId, type Server } from '../../../src/raft/types.ts';
import { type Mutation, type Outcome, runSeed } from './world.ts';

/**
 * Raft with one thing wrong. Each stands for a mistake that a real implementation has made or could make; a simulator that does not
 * notice it proves nothing about the real rules. None of this is in the product: the core's decisions are replaced from outside.
 */
export const mutants: Readonly<Record<string, Mutation>> = {
  'compares last index before last term': { rules: { upToDate: (term, index, ownTerm, ownIndex) => index > ownIndex || (index === ownIndex && term >= ownTerm) } },
  'ignores the last term': { rules: { upToDate: (_term, index, _ownTerm, ownIndex) => index >= ownIndex } },
  'ignores the last index': { rules: { upToDate: (term, _index, ownTerm) => term >= ownTerm } },
  'votes twice in a term': { rules: { mayVote: () => true } },
  'keeps its vote in a new term': { rules: { voteInNewTerm: (vote) => vote } },
  'votes although a leader was just heard': { rules: { trustsLeader: () => false } },
  'a pre-vote raises the term': { rules: { raisesTerm: () => true } },
  'obeys a leader of an older term': { rules: { speaksForLeader: () => true } },
  'does not compare the entry before': { rules: { followsOn: () => true } },
  'truncates without a conflict': { rules: { conflicts: (own) => own !== undefined } },
  'commits up to its own last entry': { rules: { followerCommit: (leaderCommit, _lastNew, ownLast) => Math.min(leaderCommit, ownLast) } },
  'commits entries of older terms by counting': { rules: { mayCommit: (term) => term !== undefined } },
  'counts observers for commits': { rules: { committable: (servers, matchOf) => nth(servers.map((one) => matchOf(one.id)), majority(servers.length)) } },
  'commits with half': { rules: { committable: (servers, matchOf) => nth(matches(servers, matchOf), Math.max(1, Math.ceil(votersOf(servers).length / 2))) } },
  'counts what is not on its own disk': { rules: { ownMatch: (_stable, last) => last } },
  'wins with half of the votes': { rules: { elects: (servers, votes) => 2 * votersOf(servers).filter((id) => votes.get(id)).length >= votersOf(servers).length } },
  'counts observers in elections': { rules: { elects: (servers, votes) => [...votes.values()].filter(Boolean).length >= majority(votersOf(servers).length) - Number(hasObserver(servers)) } },
  'counts answers of older terms': { rules: { answerCounts: () => true }, plan: { voters: 5, clogEveryMs: 500, partitionEveryMs: 1_500, electionTicks: 5, chaosMs: 60_000 } },
  'allows two changes at once': { rules: { mayChange: (_settled, ownTerm) => ownTerm } },
  'changes before an entry of its own term': { rules: { mayChange: (settled) => settled } },
  'uses the old configuration for a new entry': { rules: { configurationInForce: (_latest, committed) => committed } },
  'takes proposals while handing over': { rules: { proposesWhile: () => true } },
  'reads without confirming leadership': { rules: { readConfirmed: () => true } },
  'a voter that is being removed never campaigns': { rules: { mayCampaign: (open, id) => isVoterIn(open.at(-1)?.servers ?? [], id) } },
  'votes before storing the vote': { faults: { speaksBeforeStoring: 'votes' } },
  'acknowledges before storing': { faults: { speaksBeforeStoring: 'acknowledgements' } },
  'forgets its vote at restart': { faults: { forgetsVoteAtRestart: true } },
  'goes on after a failed sync': { faults: { ignoresSyncFailure: true } },
  'stores the applied index without the change': { faults: { appliedIndexAlone: true } },
  'names its snapshot one index too low': { faults: { snapshotIndexOff: -1 } },
  'puts the uncommitted configuration into a snapshot': { faults: { snapshotTakesUncommitted: true } },
  'applies the last entry again after a restart': { faults: { appliesTwiceAfterRestart: true } },
};

function matches(servers: readonly Server[], matchOf: (id: NodeId) => Index): readonly Index[] {
  return votersOf(servers).map(matchOf);
}
const nth = (indexes: readonly Index[], n: number): Index => [...indexes].sort((a, b) => b - a)[n - 1] ?? 0;
const isVoterIn = (servers: readonly Server[], id: NodeId): boolean => servers.some((one) => one.id === id && one.voter);
const hasObserver = (servers: readonly Server[]): boolean => servers.some((one) => !one.voter);

export interface Kill {
  readonly mutant: string;
  /** How many seeds it took, or null when the budget ran out. */
  readonly seeds: number | null;
  readonly outcome: Outcome | null;
}

/** Runs seeds until a checker notices. */
export function hunt(mutant: string, first: number, budget: number): Kill {
  const mutation = mutants[mutant];
  if (!mutation) throw new Error(`no mutant "${mutant}"; there are: ${Object.keys(mutants).join(', ')}`);
  for (let i = 0; i < budget; i++) {
    const outcome = runSeed(first + i, mutation);
    if (outcome.violation) return { mutant, seeds: i + 1, outcome };
  }
  return { mutant, seeds: null, outcome: null };
}
