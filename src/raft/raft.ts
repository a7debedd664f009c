import { assert } from '../base/assert.ts';
import { electionTimeout, onTimeoutNow, onVote, onVoted, ownVoteStored } from './election.ts';
import { onAppend, onHeartbeat, onSnapshot } from './following.ts';
import { advance, change, confirmReads, isActive, propose, read, tickLeader, transfer } from './leading.ts';
import { type RaftOptions } from './options.ts';
import { expectPeer, onAppended, onHeard, onInstalled, onUnanswered } from './replication.ts';
import { becomeFollower, createState, type Leader, send, type State } from './state.ts';
import { type Configuration, type Entry, entryType, type Message, type Raft, type RaftView, type Ready, type SnapshotRef, type Unanswered } from './types.ts';
import { isWellFormed, refusalOf } from './well-formed.ts';

/**
 * One member of a Raft cluster (Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", extended version;
 * Ongaro's thesis for pre-vote, read index and single-server changes). Synchronous and pure: the caller owns time, disk and network.
 * Throws only when its caller or itself breaks an invariant, never for a message from outside.
 */
export function createRaft(options: RaftOptions): Raft {
  const state = createState(options);
  let storing = false;
  return {
    tick: () => tick(state),
    step: (message) => step(state, message),
    unanswered: (request) => unanswered(state, request),
    propose: (data, appendedAt) => propose(state, data, appendedAt),
    change: (wanted, appendedAt) => change(state, wanted, appendedAt),
    transfer: (to) => transfer(state, to),
    expect: (id) => {
      if (state.role.kind === 'leader') expectPeer(state, state.role, id);
    },
    read: (id) => read(state, id),
    hasReady: () => !storing && hasReady(state),
    ready: () => {
      assert(!storing, 'one ready at a time: stored() comes first');
      const ready = takeReady(state);
      storing = ready.hardState !== null || ready.truncateFrom !== null || ready.append.length > 0 || ready.install !== null;
      return ready;
    },
    stored: (upTo) => {
      if (!storing) return;
      storing = false;
      state.log.stored(upTo);
      ownVoteStored(state);
      advance(state);
    },
    applied: (upTo) => {
      // After a restart the state machine may hold more than was handed out in this life.
      state.appliedIndex = Math.max(state.appliedIndex, Math.min(upTo, state.handedIndex));
      state.membership.forget(state.appliedIndex);
    },
    compacted: (snapshot, keepFrom) => {
      assert(snapshot.index <= state.commitIndex, 'a snapshot holds only what is committed');
      if (snapshot.index <= (state.log.snapshot?.index ?? 0)) return;
      // Right after a restart the state machine may hold, and put into a snapshot, entries that were not handed out in this life.
      state.handedIndex = Math.max(state.handedIndex, snapshot.index);
      state.log.compact(snapshot, keepFrom);
    },
    snapshotAt: (index) => snapshotAt(state, index),
    view: () => view(state),
  };
}

/** The first entry of a new cluster: index 1, term 1, as hashicorp/raft bootstraps. Store it with hard state {term 1, no vote}. */
export function bootstrapEntry(configuration: Configuration, encode: (configuration: Configuration) => Uint8Array): Entry {
  return { index: 1, term: 1, type: entryType.configuration, data: encode(configuration), extensions: null, appendedAt: null };
}

function tick(state: State): void {
  state.now++;
  if (state.role.kind === 'leader') tickLeader(state, state.role);
  else if (state.now >= state.electionAt) electionTimeout(state);
}

function step(state: State, message: Message): void {
  if (message.to !== state.id || message.from === state.id || !isWellFormed(message)) {
    const refusal = refusalOf(message, state.term, state.log.lastIndex);
    if (refusal && message.to === state.id) send(state, refusal);
    return;
  }
  switch (message.kind) {
    case 'append':
      return onAppend(state, message);
    case 'heartbeat':
      return onHeartbeat(state, message);
    case 'snapshot':
      return onSnapshot(state, message);
    case 'vote':
      return onVote(state, message);
    case 'timeout-now':
      return onTimeoutNow(state, message);
    default:
      return onAnswer(state, message);
  }
}

type Answer = Extract<Message, { kind: 'appended' | 'heard' | 'voted' | 'installed' }>;

/** An answer with a newer term makes everyone follow (§5.1); one to a request of another term is too late to matter. */
function onAnswer(state: State, message: Answer): void {
  if (message.term > state.term) return becomeFollower(state, message.term, null);
  if (message.kind === 'voted') return onVoted(state, message);
  if (state.role.kind === 'leader' && state.rules.answerCounts(message.requestTerm, state.term)) onFollowed(state, state.role, message);
}

function onFollowed(state: State, leader: Leader, message: Exclude<Answer, { kind: 'voted' }>): void {
  switch (message.kind) {
    case 'heard':
      onHeard(state, leader, message);
      return confirmReads(state, leader);
    case 'appended':
      return onAppended(state, leader, message) ? advance(state) : undefined;
    case 'installed':
      return onInstalled(state, leader, message) ? advance(state) : undefined;
  }
}

function unanswered(state: State, request: Unanswered): void {
  const { role } = state;
  if (role.kind !== 'leader' || request.requestTerm !== state.term) return;
  if (request.kind === 'timeout-now' && role.transfer?.to === request.to) role.transfer = null;
  onUnanswered(state, role, request);
}

function hasReady(state: State): boolean {
  return state.unsaved || state.install !== null || state.outbox.length > 0 || state.confirmedReads.length > 0 || state.log.hasUnstored() || state.commitIndex > state.handedIndex;
}

function takeReady(state: State): Ready {
  const hardState = state.unsaved ? { term: state.term, votedFor: state.votedFor } : null;
  const { truncateFrom, append } = state.log.takeUnstored();
  const { install, outbox, confirmedReads: reads } = state;
  // Nothing may speak of a term that is not on disk yet, so early messages wait when the hard state changes.
  const sendNow = hardState ? [] : outbox.filter(isEarly);
  const ready = { hardState, truncateFrom, append, install, sendNow, send: hardState ? outbox : outbox.filter((m) => !isEarly(m)), commit: takeCommitted(state), reads };
  state.unsaved = false;
  state.install = null;
  state.outbox = [];
  state.confirmedReads = [];
  return ready;
}

/** A leader's words, and what promises nothing, need not wait for the disk (thesis §10.2.1); answers that grant or acknowledge do. */
function isEarly(message: Message): boolean {
  return ['append', 'heartbeat', 'heard', 'snapshot', 'timeout-now'].includes(message.kind) || (message.kind === 'vote' && message.pre);
}

function takeCommitted(state: State): readonly Entry[] {
  const { log, limits, handedIndex, commitIndex } = state;
  if (handedIndex === commitIndex) return [];
  const entries = log.slice(handedIndex + 1, commitIndex, limits.batchBytesMax, Number.MAX_SAFE_INTEGER);
  state.handedIndex += entries.length;
  return entries;
}

function snapshotAt(state: State, index: number): SnapshotRef | null {
  const term = state.log.termAt(index);
  if (index === 0 || index > state.commitIndex || term === undefined) return null;
  const { configuration, index: configurationIndex } = state.membership.at(index);
  return configurationIndex > index || configuration.servers.length === 0 ? null : { index, term, configuration, configurationIndex };
}

function view(state: State): RaftView {
  const { role, membership, log } = state;
  const peers = role.kind === 'leader' ? [...role.peers] : [];
  return {
    id: state.id,
    role: role.kind,
    term: state.term,
    leader: role.kind === 'leader' ? state.id : role.kind === 'follower' ? role.leader : null,
    lastIndex: log.lastIndex,
    commitIndex: state.commitIndex,
    configuration: membership.latest.configuration,
    configurationCommitted: membership.latest.index <= state.commitIndex,
    leaderContactTicks: role.kind === 'leader' ? 0 : state.leaderHeardAt === null ? null : state.now - state.leaderHeardAt,
    quorumActive: role.kind === 'leader' && state.rules.keepsLeading(membership.latest.configuration.servers, (id) => isActive(state, role, id)),
    violations: state.violations,
    progress: new Map(
      peers.map(([id, peer]) => [id, { match: peer.match, snapshotting: peer.state === 'snapshot', active: role.kind === 'leader' && isActive(state, role, id) }]),
    ),
  };
}
