import { becomeFollower, enterTerm, isMember, isOnlyVoter, resetElectionTimer, send, servers, type State } from './state.ts';
import { becomeLeader } from './leading.ts';
import { tally, votersOf } from './quorum.ts';
import { type Message, type NodeId } from './types.ts';

type Vote = Extract<Message, { kind: 'vote' }>;
type Voted = Extract<Message, { kind: 'voted' }>;

/** Nobody was heard for a whole wait: ask whether an election could be won. A node that is no voter waits passively. */
export function electionTimeout(state: State): void {
  resetElectionTimer(state);
  if (!mayCampaign(state)) return becomeFollower(state, state.term, null);
  if (isOnlyVoter(state)) return campaign(state, false);
  state.role = { kind: 'pre-candidate', votes: new Map([[state.id, true]]) };
  askForVotes(state, true, false);
}

function mayCampaign(state: State): boolean {
  return state.rules.mayCampaign(state.membership.since(state.commitIndex), state.id);
}

/** A real candidacy. The own vote counts only once it is stored (see `ownVoteStored`), like everybody's. */
export function campaign(state: State, transfer: boolean): void {
  enterTerm(state, state.term + 1);
  state.votedFor = state.id;
  state.unsaved = true;
  state.role = { kind: 'candidate', votes: new Map() };
  resetElectionTimer(state);
  askForVotes(state, false, transfer);
}

function askForVotes(state: State, pre: boolean, transfer: boolean): void {
  const { lastIndex, lastTerm } = state.log;
  for (const to of votersOf(servers(state))) {
    if (to === state.id) continue;
    send(state, { kind: 'vote', from: state.id, to, term: pre ? state.term + 1 : state.term, lastIndex, lastTerm, transfer, pre });
  }
}

/** The driver has stored our candidacy: now our own vote counts. */
export function ownVoteStored(state: State): void {
  if (state.role.kind !== 'candidate' || state.unsaved) return;
  state.role.votes.set(state.id, true);
  count(state);
}

/** Votes are given irrespective of our own configuration, which may be older than the candidate's (§6). */
export function onVote(state: State, message: Vote): void {
  const { rules, log } = state;
  const upToDate = rules.upToDate(message.lastTerm, message.lastIndex, log.lastTerm, log.lastIndex);
  if (message.term < state.term || (!message.transfer && leaderIsTrusted(state))) return answer(state, message, false);
  if (!rules.raisesTerm(message.pre)) return answer(state, message, message.term > state.term && upToDate);
  if (message.term > state.term) becomeFollower(state, message.term, null);
  const granted = upToDate && rules.mayVote(state.votedFor, message.from) && !followsAnother(state, message.from);
  if (granted) grant(state, message.from);
  answer(state, message, granted);
}

function grant(state: State, candidate: NodeId): void {
  if (state.votedFor !== candidate) {
    state.votedFor = candidate;
    state.unsaved = true;
  }
  state.role = { kind: 'follower', leader: null };
  resetElectionTimer(state);
}

function answer(state: State, request: Vote, granted: boolean): void {
  send(state, { kind: 'voted', from: state.id, to: request.from, term: state.term, requestTerm: request.term, granted, pre: request.pre });
}

/** A leader that still has its majority, or a follower that heard one lately, is not to be disturbed. */
function leaderIsTrusted(state: State): boolean {
  if (state.role.kind === 'leader') return state.rules.trustsLeader(0, state.electionTicks);
  if (state.role.kind !== 'follower' || state.role.leader === null || state.leaderHeardAt === null) return false;
  return state.rules.trustsLeader(state.now - state.leaderHeardAt, state.electionTicks);
}

/** This term's leader is known, so it is too late to elect another in it. */
function followsAnother(state: State, candidate: NodeId): boolean {
  return state.termLeader !== null && state.termLeader !== candidate;
}

export function onVoted(state: State, message: Voted): void {
  const { role } = state;
  if ((role.kind !== 'candidate' && role.kind !== 'pre-candidate') || message.pre !== (role.kind === 'pre-candidate')) return;
  const asked = message.pre ? state.term + 1 : state.term;
  if (!isMember(state, message.from)) return;
  if (!state.rules.answerCounts(message.requestTerm, asked)) return;
  role.votes.set(message.from, message.granted);
  count(state);
}

function count(state: State): void {
  const { role } = state;
  if (role.kind !== 'candidate' && role.kind !== 'pre-candidate') return;
  if (state.rules.elects(servers(state), role.votes)) return role.kind === 'pre-candidate' ? campaign(state, false) : becomeLeader(state);
  if (tally(votersOf(servers(state)), role.votes) === 'lost') becomeFollower(state, state.term, null);
}

/** The leader hands over: campaign at once, without asking first (thesis §3.10). */
export function onTimeoutNow(state: State, message: Extract<Message, { kind: 'timeout-now' }>): void {
  const { role } = state;
  const fromLeader = role.kind === 'follower' && role.leader === message.from && (message.term === 0 || message.term === state.term);
  if (fromLeader && mayCampaign(state)) campaign(state, true);
}
