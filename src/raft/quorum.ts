import { type Index, type NodeId, type Server } from './types.ts';

/** The arithmetic of majorities (Raft §5.2, §5.3). Only voters count; a voter counts once. */
export function votersOf(servers: readonly Server[]): readonly NodeId[] {
  return servers.filter((server) => server.voter).map((server) => server.id);
}

/** How many of `count` voters make a majority. */
export function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** The highest index that a majority of the voters holds. 0 without voters. */
export function majorityIndex(voters: readonly NodeId[], matchOf: (id: NodeId) => Index): Index {
  if (voters.length === 0) return 0;
  const descending = voters.map(matchOf).sort((a, b) => b - a);
  return descending[majority(voters.length) - 1] as Index;
}

/** True when a majority of the voters satisfies the predicate. */
export function isMajority(voters: readonly NodeId[], holds: (id: NodeId) => boolean): boolean {
  let count = 0;
  for (const id of voters) if (holds(id)) count++;
  return voters.length > 0 && count >= majority(voters.length);
}

export type Tally = 'won' | 'lost' | 'open';

/** The outcome of an election: lost as soon as a majority can no longer be reached. */
export function tally(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): Tally {
  if (isMajority(voters, (id) => votes.get(id) === true)) return 'won';
  return isMajority(voters, (id) => votes.get(id) !== false) ? 'open' : 'lost';
}
