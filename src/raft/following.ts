import { configurationOf, becomeFollower, noteConfiguration, send, type State } from './state.ts';
import { type Entry, type Index, type Message, type NodeId, type Term } from './types.ts';

type Append = Extract<Message, { kind: 'append' }>;
type Snapshot = Extract<Message, { kind: 'snapshot' }>;

/** What a leader says. Every request gets exactly one answer, for the transport pairs them. */
export function onHeartbeat(state: State, message: Extract<Message, { kind: 'heartbeat' }>): void {
  const success = acceptLeader(state, message.from, message.term);
  send(state, { kind: 'heard', from: state.id, to: message.from, term: state.term, requestTerm: message.term, success });
}

/** AppendEntries (§5.3). */
export function onAppend(state: State, message: Append): void {
  const lastIndex = state.log.lastIndex;
  const success = acceptLeader(state, message.from, message.term) && takeEntries(state, message);
  const lastNew = message.prevIndex + message.entries.length;
  if (success) advanceCommit(state, state.rules.followerCommit(message.commit, lastNew, state.log.lastIndex));
  send(state, { kind: 'appended', from: state.id, to: message.from, term: state.term, requestTerm: message.term, success, matched: lastNew, lastIndex });
}

/** A leader of this term or a newer one is followed. A second leader of one term cannot exist among correct members: it is refused and counted. */
function acceptLeader(state: State, leader: NodeId, term: Term): boolean {
  if (!state.rules.speaksForLeader(term, state.term)) return false;
  if (term === state.term && (state.role.kind === 'leader' || (state.termLeader !== null && state.termLeader !== leader))) {
    state.violations++;
    return false;
  }
  becomeFollower(state, Math.max(term, state.term), leader);
  state.leaderHeardAt = state.now;
  return true;
}

function takeEntries(state: State, message: Append): boolean {
  const { log, rules, commitIndex } = state;
  if (!followsOn(state, message)) return false;
  const known = log.snapshot?.index ?? 0;
  const isNews = (entry: Entry): boolean => entry.index > known && (entry.index > log.lastIndex || rules.conflicts(log.termAt(entry.index), entry.term));
  const at = message.entries.findIndex(isNews);
  if (at < 0) return true;
  const news = message.entries.slice(at);
  const from = (news[0] as Entry).index;
  if (from <= commitIndex || news.some((entry) => configurationOf(state, entry) === null)) {
    state.violations++;
    return false;
  }
  if (from <= log.lastIndex) truncate(state, from);
  log.append(news);
  for (const entry of news) noteConfiguration(state, entry);
  return true;
}

/** The log before the entries must be the leader's; what a snapshot covers is committed, so it is. */
function followsOn(state: State, { prevIndex, prevTerm }: Append): boolean {
  const { log, rules } = state;
  if (prevIndex > log.lastIndex) return false;
  const known = log.snapshot?.index ?? 0;
  return prevIndex < known || rules.followsOn(log.termAt(prevIndex), prevTerm);
}

function truncate(state: State, from: Index): void {
  state.log.truncate(from);
  state.membership.truncate(from);
}

function advanceCommit(state: State, index: Index): void {
  state.commitIndex = Math.max(state.commitIndex, Math.min(index, state.log.lastIndex));
}

/** InstallSnapshot (§7). A log that already holds the snapshot's last entry is kept; otherwise the snapshot replaces log and state. */
export function onSnapshot(state: State, message: Snapshot): void {
  const { snapshot } = message;
  const success = acceptLeader(state, message.from, message.term);
  if (success) takeSnapshot(state, message);
  send(state, { kind: 'installed', from: state.id, to: message.from, term: state.term, requestTerm: message.term, success, index: snapshot.index });
}

function takeSnapshot(state: State, { snapshot }: Snapshot): void {
  const { log } = state;
  if (snapshot.index <= state.commitIndex) return;
  if (log.termAt(snapshot.index) === snapshot.term) return advanceCommit(state, snapshot.index);
  log.restore(snapshot);
  state.membership.restore(snapshot);
  state.install = snapshot;
  state.commitIndex = snapshot.index;
  state.handedIndex = snapshot.index;
  state.appliedIndex = snapshot.index;
}
