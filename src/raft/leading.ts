import { changed } from './membership.ts';
import { replicateAll, sendHeartbeats, syncPeers, tickPeers } from './replication.ts';
import { becomeFollower, isVoter, type Leader, noteConfiguration, send, servers, type State } from './state.ts';
import { type Change, type Entry, type EntryType, entryType, type Index, type NodeId, type NotLeader, type Proposed } from './types.ts';

/** Election won: the term starts with a no-op, for only an entry of its own term lets a leader commit what it inherited (§5.4.2, §8). */
export function becomeLeader(state: State): void {
  const leader: Leader = {
    kind: 'leader', peers: new Map(), termStart: state.log.lastIndex + 1, transfer: null, reads: [], round: 0, nextHeartbeatAt: 0, uncommittedSizes: [], uncommittedBytes: 0,
  };
  state.role = leader;
  state.termLeader = state.id;
  syncPeers(state, leader);
  append(state, leader, entryType.noop, new Uint8Array(0), null);
  sendHeartbeats(state, leader);
}

function append(state: State, leader: Leader, type: EntryType, data: Uint8Array, appendedAt: Uint8Array | null): Proposed {
  const entry: Entry = { index: state.log.lastIndex + 1, term: state.term, type, data, extensions: null, appendedAt };
  state.log.append([entry]);
  noteConfiguration(state, entry);
  leader.uncommittedSizes.push(data.length);
  leader.uncommittedBytes += data.length;
  // Once before the configuration takes effect: a member that it removes is told so, if it follows.
  if (type === entryType.configuration) replicateAll(state, leader);
  syncPeers(state, leader);
  replicateAll(state, leader);
  return { ok: true, index: entry.index, term: entry.term };
}

const refusal = (reason: NotLeader['reason'], leader: NodeId | null): NotLeader => ({ ok: false, reason, leader });

/** Who may be asked to write now: this leader, or a reason why not. */
function writable(state: State): Leader | NotLeader {
  const { role, limits, id } = state;
  if (role.kind !== 'leader') return refusal('not-leader', role.kind === 'follower' ? role.leader : null);
  if (!state.rules.proposesWhile(role.transfer !== null)) return refusal('transferring', id);
  const waiting = state.log.lastIndex - state.commitIndex;
  const full = waiting >= limits.uncommittedEntriesMax || role.uncommittedBytes > limits.uncommittedBytesMax;
  return full || state.commitIndex - state.appliedIndex >= limits.unappliedEntriesMax ? refusal('busy', id) : role;
}

export function propose(state: State, data: Uint8Array, appendedAt: Uint8Array | null): Proposed | NotLeader {
  const leader = writable(state);
  return 'ok' in leader ? leader : append(state, leader, entryType.command, data, appendedAt);
}

/** Single-server changes (thesis §4.1). In force from the append. */
export function change(state: State, wanted: Change, appendedAt: Uint8Array | null): Proposed | NotLeader {
  const leader = writable(state);
  if ('ok' in leader) return leader;
  const { latest } = state.membership;
  const settled = latest.index <= state.commitIndex;
  if (!state.rules.mayChange(settled, state.commitIndex >= leader.termStart)) return refusal('change-pending', state.id);
  const next = changed(latest.configuration, wanted);
  return next ? append(state, leader, entryType.configuration, state.encodeConfiguration(next), appendedAt) : refusal('invalid', state.id);
}

/** Called when something was stored here or elsewhere. Commits what a majority holds (§5.3, §5.4.2) and tells everyone at once. */
export function advance(state: State): void {
  const { role, log, rules } = state;
  if (role.kind !== 'leader') return;
  const matchOf = (id: NodeId): Index => (id === state.id ? rules.ownMatch(log.stableIndex, log.lastIndex) : (role.peers.get(id)?.match ?? 0));
  const index = rules.committable(servers(state), matchOf);
  if (index > state.commitIndex && rules.mayCommit(log.termAt(index), state.term)) {
    state.commitIndex = index;
    settleSizes(role, log.lastIndex - index);
    syncPeers(state, role);
    replicateAll(state, role);
  }
  confirmReads(state, role);
  advanceTransfer(state, role);
  stepDownIfRemoved(state, role);
}

function settleSizes(leader: Leader, remaining: number): void {
  const committed = leader.uncommittedSizes.splice(0, Math.max(0, leader.uncommittedSizes.length - remaining));
  for (const size of committed) leader.uncommittedBytes -= size;
}

/** A leader that took itself out leads until that is committed, then lets the best follower begin at once (thesis §4.2.2). */
function stepDownIfRemoved(state: State, leader: Leader): void {
  if (isVoter(state, state.id) || state.membership.latest.index > state.commitIndex) return;
  const heir = bestVoter(state, leader);
  if (heir) send(state, { kind: 'timeout-now', from: state.id, to: heir, term: state.term });
  becomeFollower(state, state.term, null);
}

/** The most up-to-date other voter that is there. */
function bestVoter(state: State, leader: Leader): NodeId | null {
  let best: NodeId | null = null;
  for (const [id, peer] of leader.peers) {
    if (!isVoter(state, id) || !isActive(state, leader, id)) continue;
    if (best === null || peer.match > (leader.peers.get(best)?.match ?? 0)) best = id;
  }
  return best;
}

/** True for a member that answered within the last election timeout. */
export function isActive(state: State, leader: Leader, id: NodeId): boolean {
  const peer = leader.peers.get(id);
  return id === state.id || (peer !== undefined && state.now - peer.contactAt < state.electionTicks);
}

/** Thesis §3.10: stop taking proposals, bring the heir up to date, let it campaign; give up after an election timeout. */
export function transfer(state: State, to: NodeId | null): boolean {
  const { role } = state;
  if (role.kind !== 'leader' || role.transfer) return false;
  const heir = to ?? bestVoter(state, role);
  if (heir === null || heir === state.id || !isVoter(state, heir) || !role.peers.has(heir)) return false;
  role.transfer = { to: heir, until: state.now + state.electionTicks, told: false };
  advanceTransfer(state, role);
  return true;
}

function advanceTransfer(state: State, leader: Leader): void {
  const { transfer: handover, peers } = leader;
  if (!handover || handover.told || peers.get(handover.to)?.match !== state.log.lastIndex) return;
  handover.told = true;
  send(state, { kind: 'timeout-now', from: state.id, to: handover.to, term: state.term });
}

/** Read index (thesis §6.4): remember the commit index, confirm the leadership by a round of heartbeats that starts now. */
export function read(state: State, id: number): NotLeader | { readonly ok: true } {
  const { role } = state;
  if (role.kind !== 'leader') return refusal('not-leader', role.kind === 'follower' ? role.leader : null);
  if (role.reads.length >= state.limits.readsMax) return refusal('busy', state.id);
  // One round at a time: reads that come while one is under way share the next.
  const waits = role.reads.length > 0;
  role.reads.push({ id, round: role.round + 1, index: null });
  if (!waits) sendHeartbeats(state, role);
  confirmReads(state, role);
  return { ok: true };
}

export function confirmReads(state: State, leader: Leader): void {
  if (state.commitIndex < leader.termStart) return;
  for (const one of leader.reads) one.index ??= state.commitIndex;
  const roundOf = (id: NodeId): number => (id === state.id ? leader.round : (leader.peers.get(id)?.confirmedRound ?? 0));
  const open = leader.reads.findIndex(({ round }) => !state.rules.readConfirmed(servers(state), roundOf, round));
  const confirmed = leader.reads.splice(0, open < 0 ? leader.reads.length : open);
  for (const { id, index } of confirmed) state.confirmedReads.push({ id, index: index as Index });
  const next = leader.reads[0];
  if (confirmed.length > 0 && next && next.round > leader.round) sendHeartbeats(state, leader);
}

export function tickLeader(state: State, leader: Leader): void {
  if (!state.rules.keepsLeading(servers(state), (id) => isActive(state, leader, id))) return becomeFollower(state, state.term, null);
  if (leader.transfer && state.now >= leader.transfer.until) leader.transfer = null;
  if (state.now >= leader.nextHeartbeatAt) sendHeartbeats(state, leader);
  tickPeers(state, leader);
}
