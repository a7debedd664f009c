import { assert } from '../base/assert.ts';
import { between, type Random } from '../base/random.ts';
import { createLog, type RaftLog } from './log.ts';
import { createMembership, isValid, type Membership } from './membership.ts';
import { defaultLimits, type Limits, type RaftOptions } from './options.ts';
import { type Peer } from './progress.ts';
import { rules as productRules, type Rules } from './rules.ts';
import { type Configuration, type Entry, entryType, type Index, type Message, type NodeId, type Server, type SnapshotRef, type Term } from './types.ts';

export interface Follower {
  readonly kind: 'follower';
  leader: NodeId | null;
}

/** Asks for pre-votes (`pre-candidate`, thesis §9.6) or for votes. */
export interface Candidate {
  readonly kind: 'pre-candidate' | 'candidate';
  readonly votes: Map<NodeId, boolean>;
}

export interface Leader {
  readonly kind: 'leader';
  /** Everyone in the configuration in force but this node. */
  readonly peers: Map<NodeId, Peer>;
  /** Index of this term's no-op: nothing counts as committed, and no read is served, before it is. */
  readonly termStart: Index;
  transfer: { readonly to: NodeId; readonly until: number; told: boolean } | null;
  reads: { readonly id: number; readonly round: number; index: Index | null }[];
  round: number;
  nextHeartbeatAt: number;
  /** Data bytes of this leader's own entries that are not committed, one number an entry, and their sum. */
  uncommittedSizes: number[];
  uncommittedBytes: number;
}

export type RoleState = Follower | Candidate | Leader;

/** One member's whole state. Functions in election, replication, following and leading change it; raft.ts is its face. */
export interface State {
  readonly id: NodeId;
  readonly random: Random;
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly limits: Limits;
  readonly rules: Rules;
  readonly encodeConfiguration: (configuration: Configuration) => Uint8Array;
  readonly decodeConfiguration: (data: Uint8Array) => Configuration;
  readonly log: RaftLog;
  readonly membership: Membership;
  term: Term;
  votedFor: NodeId | null;
  /** Who was accepted as leader of this very term in this life: nobody else may lead it. */
  termLeader: NodeId | null;
  /** True while term or vote differ from what the driver was told to store. */
  unsaved: boolean;
  role: RoleState;
  commitIndex: Index;
  /** Committed entries up to here were handed to the driver. */
  handedIndex: Index;
  appliedIndex: Index;
  now: number;
  electionAt: number;
  leaderHeardAt: number | null;
  outbox: Message[];
  install: SnapshotRef | null;
  confirmedReads: { readonly id: number; readonly index: Index }[];
  /** Requests refused because another node leads this very term, or because they would undo what is committed: somebody breaks the rules. */
  violations: number;
}

export function createState(options: RaftOptions): State {
  const log = createLog(options.log, options.snapshot);
  const applied = Math.max(options.appliedIndex ?? 0, options.snapshot?.index ?? 0);
  const electionTicks = options.electionTicks ?? 10;
  assert(applied <= log.lastIndex, 'the state machine holds nothing that the log does not');
  const state: State = {
    id: options.id,
    random: options.random,
    electionTicks,
    heartbeatTicks: options.heartbeatTicks ?? 2,
    limits: { ...defaultLimits, ...options.limits },
    rules: { ...productRules, ...options.rules },
    encodeConfiguration: options.encodeConfiguration,
    decodeConfiguration: options.decodeConfiguration,
    log,
    membership: createMembership(options.snapshot),
    term: options.hardState.term,
    votedFor: options.hardState.votedFor,
    termLeader: null,
    unsaved: false,
    role: { kind: 'follower', leader: null },
    commitIndex: applied,
    handedIndex: applied,
    appliedIndex: applied,
    now: 0,
    electionAt: 0,
    leaderHeardAt: null,
    outbox: [],
    install: null,
    confirmedReads: [],
    violations: 0,
  };
  readMembership(state);
  resetElectionTimer(state);
  if (isOnlyVoter(state)) state.electionAt = 1;
  return state;
}

/** After a restart the configurations are read back from the log. */
function readMembership(state: State): void {
  const { log, limits } = state;
  let from = Math.max(log.firstIndex, (log.snapshot?.index ?? 0) + 1);
  while (from <= log.lastIndex) {
    const entries = log.slice(from, log.lastIndex, limits.batchBytesMax, Number.MAX_SAFE_INTEGER);
    for (const entry of entries) noteConfiguration(state, entry);
    from += entries.length;
  }
}

/** A configuration entry takes effect when it is appended (§6). */
export function noteConfiguration(state: State, entry: Entry): void {
  const configuration = configurationOf(state, entry);
  if (configuration) state.membership.append(entry.index, configuration);
}

/** The configuration in an entry: undefined for other entries, null when it cannot be read or is invalid. */
export function configurationOf(state: State, entry: Entry): Configuration | null | undefined {
  if (entry.type !== entryType.configuration) return undefined;
  try {
    const configuration = state.decodeConfiguration(entry.data);
    return isValid(configuration) ? configuration : null;
  } catch {
    // Bytes from outside that are not a configuration: the caller refuses the entry.
    return null;
  }
}

/** The members that count now. */
export function servers(state: State): readonly Server[] {
  const { membership, rules, commitIndex } = state;
  return rules.configurationInForce(membership.latest, membership.at(commitIndex)).configuration.servers;
}

export function isVoter(state: State, id: NodeId): boolean {
  return servers(state).some((server) => server.id === id && server.voter);
}

export function isMember(state: State, id: NodeId): boolean {
  return servers(state).some((server) => server.id === id);
}

export function isOnlyVoter(state: State): boolean {
  return isVoter(state, state.id) && servers(state).filter((server) => server.voter).length === 1;
}

/** Waits are drawn anew each time, so that two candidates seldom tie twice (§5.2). */
export function resetElectionTimer(state: State): void {
  state.electionAt = state.now + between(state.random, state.electionTicks, 2 * state.electionTicks - 1);
}

export function enterTerm(state: State, term: Term): void {
  if (term === state.term) return;
  state.term = term;
  state.termLeader = null;
  state.votedFor = state.rules.voteInNewTerm(state.votedFor);
  state.unsaved = true;
}

/** Whoever sees a newer term, or loses, follows; a known leader makes the timer start anew. */
export function becomeFollower(state: State, term: Term, leader: NodeId | null): void {
  const led = state.role.kind === 'leader';
  enterTerm(state, term);
  state.role = { kind: 'follower', leader };
  if (leader !== null) state.termLeader = leader;
  if (led || leader !== null) resetElectionTimer(state);
}

export function send(state: State, message: Message): void {
  state.outbox.push(message);
}
