import { createPeer, matched, type Peer, probe, refused } from './progress.ts';
import { present } from '../base/assert.ts';
import { isVoter, type Leader, send, servers, type State } from './state.ts';
import { type Index, type Message, type NodeId, type SnapshotRef, type Unanswered } from './types.ts';

/** How a leader brings the others' logs to its own (§5.3). Nothing here decides what is committed. */
export function syncPeers(state: State, leader: Leader): void {
  const ids = new Set(servers(state).map((server) => server.id));
  for (const id of leader.peers.keys()) if (!ids.has(id)) leader.peers.delete(id);
  for (const id of ids) if (id !== state.id && !leader.peers.has(id)) leader.peers.set(id, createPeer(state.log.lastIndex, state.now));
}

export function replicateAll(state: State, leader: Leader): void {
  for (const [id, peer] of leader.peers) replicate(state, id, peer);
}

/** Sends as much as the peer's window takes: new entries, a probe, or just the commit index, which nobody should wait for. */
export function replicate(state: State, id: NodeId, peer: Peer): void {
  if (state.now < peer.pausedUntil) return;
  while (peer.state !== 'snapshot' && peer.inFlight < window(state, peer) && wants(state, peer)) sendAppend(state, id, peer);
}

function window(state: State, peer: Peer): number {
  return peer.state === 'probe' ? 1 : state.limits.inFlightMax;
}

function wants(state: State, peer: Peer): boolean {
  return peer.due || peer.next <= state.log.lastIndex || Math.min(state.commitIndex, peer.next - 1) > peer.sentCommit;
}

function sendAppend(state: State, to: NodeId, peer: Peer): void {
  const { log, limits, commitIndex } = state;
  const prevIndex = peer.next - 1;
  const prevTerm = log.termAt(prevIndex);
  if (prevTerm === undefined || peer.next < log.firstIndex) return sendSnapshot(state, to, peer, present(log.snapshot, 'a snapshot before a compacted log'));
  const entries = log.slice(peer.next, log.lastIndex, limits.batchBytesMax, limits.appendEntriesMax);
  send(state, { kind: 'append', from: state.id, to, term: state.term, prevIndex, prevTerm, entries, commit: commitIndex });
  peer.inFlight++;
  peer.due = false;
  peer.sentAt = state.now;
  peer.sentCommit = Math.min(commitIndex, prevIndex + entries.length);
  if (peer.state === 'replicate') peer.next += entries.length;
}

function sendSnapshot(state: State, to: NodeId, peer: Peer, snapshot: SnapshotRef): void {
  peer.state = 'snapshot';
  peer.inFlight = 0;
  send(state, { kind: 'snapshot', from: state.id, to, term: state.term, snapshot });
}

/**
 * In election timeouts. After so many a member without a vote counts as switched off, and so many pass between two looks whether it is back: at
 * first, and once it has been off for long, for of those a mesh has many. Whoever sees it come back says so: `expect`.
 */
const silentAfter = 10;
const longSilentAfter = 30;
const silentLooks = { first: 3, late: 15 } as const;

/** Nobody waits for what this member says: it has no vote, and was not heard for a long time. */
function isOff(state: State, id: NodeId, peer: Peer): boolean {
  return !isVoter(state, id) && silence(state, peer) > silentAfter * state.electionTicks;
}

function silence(state: State, peer: Peer): number {
  return state.now - Math.max(peer.contactAt, peer.expectedAt);
}

/** Ticks between two looks at a member: an election timeout, longer for one that is off. */
function looksApart(state: State, id: NodeId, peer: Peer): number {
  if (!isOff(state, id, peer)) return state.electionTicks;
  return state.electionTicks * (silence(state, peer) > longSilentAfter * state.electionTicks ? silentLooks.late : silentLooks.first);
}

/** A hint that a member is there again: it is looked for at once, and for a while as if it had been heard. */
export function expectPeer(state: State, leader: Leader, id: NodeId): void {
  const peer = leader.peers.get(id);
  if (!peer || !isOff(state, id, peer)) return;
  peer.expectedAt = state.now;
  peer.pausedUntil = 0;
  peer.due = true;
  replicate(state, id, peer);
}

/**
 * Whether a heartbeat is due. Voters keep a leader in office and confirm its reads, so they get every one. Who has no vote only shows its person
 * that the leader is there: by whatever is sent, twice an election timeout. For a machine that is off, the append by which it is looked for is
 * enough.
 */
function isBeatDue(state: State, id: NodeId, peer: Peer): boolean {
  if (isVoter(state, id)) return true;
  return !isOff(state, id, peer) && state.now - Math.max(peer.beatAt, peer.sentAt) >= Math.floor(state.electionTicks / 2);
}

/** Signs of life. They also begin the round that waiting reads ask for. */
export function sendHeartbeats(state: State, leader: Leader): void {
  leader.nextHeartbeatAt = state.now + state.heartbeatTicks;
  leader.round = Math.max(leader.round, leader.reads.at(-1)?.round ?? 0);
  for (const [to, peer] of leader.peers) {
    if (!isBeatDue(state, to, peer)) continue;
    peer.beatAt = state.now;
    if (peer.heartbeats.length >= heartbeatsMax) giveUpHeartbeats(peer);
    peer.heartbeats.push(leader.round);
    send(state, { kind: 'heartbeat', from: state.id, to, term: state.term });
  }
}

const heartbeatsMax = 16;

/** A transport that never settles must not silence the leader; answers that come after all confirm nothing. */
function giveUpHeartbeats(peer: Peer): void {
  peer.strayHeartbeats += peer.heartbeats.length;
  peer.heartbeats = [];
}

export function onHeard(state: State, leader: Leader, message: Extract<Message, { kind: 'heard' }>): void {
  const peer = leader.peers.get(message.from);
  if (!peer) return;
  contacted(state, peer);
  const round = peer.strayHeartbeats > 0 ? strayed(peer) : peer.heartbeats.shift();
  if (message.success) peer.confirmedRound = Math.max(peer.confirmedRound, round ?? 0);
  replicate(state, message.from, peer);
}

function strayed(peer: Peer): number {
  peer.strayHeartbeats--;
  return 0;
}

/** Anything heard from a peer, even a refusal, shows that it is there. */
function contacted(state: State, peer: Peer): void {
  peer.contactAt = state.now;
  peer.pausedUntil = 0;
}

/** Notes the answer. True when the peer is known to hold more than before. */
export function onAppended(state: State, leader: Leader, message: Extract<Message, { kind: 'appended' }>): boolean {
  const peer = leader.peers.get(message.from);
  if (!peer || message.matched > state.log.lastIndex) return false;
  contacted(state, peer);
  peer.inFlight = Math.max(0, peer.inFlight - 1);
  const before = peer.match;
  if (message.success) matched(peer, message.matched);
  else refuse(state, peer, message.matched, message.lastIndex);
  replicate(state, message.from, peer);
  return peer.match > before;
}

/** A refusal that leads nowhere comes from somebody who breaks the rules: it is not asked again at once. */
function refuse(state: State, peer: Peer, asked: Index, lastIndex: Index): void {
  const { next } = peer;
  if (refused(peer, asked, lastIndex, state.log.firstIndex) && peer.next >= next) peer.pausedUntil = state.now + state.electionTicks;
}

export function onInstalled(state: State, leader: Leader, message: Extract<Message, { kind: 'installed' }>): boolean {
  const peer = leader.peers.get(message.from);
  if (!peer || peer.state !== 'snapshot' || message.index > state.log.lastIndex) return false;
  contacted(state, peer);
  const before = peer.match;
  if (message.success) peer.match = Math.max(peer.match, message.index);
  else peer.pausedUntil = state.now + state.electionTicks;
  probe(peer);
  replicate(state, message.from, peer);
  return peer.match > before;
}

/** The transport gave up: what was sent ahead may be lost, so look again, but not before the peer is heard or a while has passed. */
export function onUnanswered(state: State, leader: Leader, { to, kind }: Unanswered): void {
  const peer = leader.peers.get(to);
  if (!peer) return;
  if (kind === 'heartbeat') {
    if (peer.strayHeartbeats > 0) strayed(peer);
    else peer.heartbeats.pop();
    peer.due = !isOff(state, to, peer);
  } else if (kind === 'append' ? peer.state !== 'snapshot' : kind === 'snapshot' && peer.state === 'snapshot') {
    probe(peer);
    peer.pausedUntil = state.now + looksApart(state, to, peer);
  }
}

/** Once a tick: answers that never came, and a look at quiet peers, for a restarted one knows no commit index. */
export function tickPeers(state: State, leader: Leader): void {
  for (const [id, peer] of leader.peers) {
    if (peer.inFlight > 0 && state.now - peer.sentAt > 4 * state.electionTicks) probe(peer);
    const off = isOff(state, id, peer);
    if (state.now - peer.sentAt >= looksApart(state, id, peer)) peer.due = true;
    // What is lost there is sent when it is heard again, or at the next look.
    if (!off || peer.due) replicate(state, id, peer);
  }
}
