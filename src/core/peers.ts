import type { PeerPath, PeersTopic, PeerView } from '../contract/state.ts';
import type { PeerState } from '../gen/webmesh/helper/v1/helper.ts';
import type { PathView } from '../gen/webmesh/local/v1/local.ts';
import type { RosterNode } from './mesh/roster.ts';
import type { Roster } from './mesh/watch.ts';
import { latencyFrom, type PathFacts, pathFrom, shownEndpoint, whyFrom } from './paths/peer-path.ts';
import type { Lease } from './session/state.ts';

/** WireGuard renews a handshake every two minutes of traffic; after three an idle peer with keepalive is gone. */
export const handshakeFreshMs = 180_000;

export interface PeersInput {
  readonly nodeId: string | null;
  /** Our own key and addresses while connected, else null. */
  readonly own: { readonly publicKey: string; readonly lease: Lease; readonly hasEndpoint: boolean } | null;
  readonly roster: Roster;
  readonly tunnel: readonly PeerState[];
  readonly latencies: ReadonlyMap<string, number>;
  /** By public key: what the path finder says; empty while it says nothing. */
  readonly paths: ReadonlyMap<string, PathView>;
  readonly favourites: ReadonlySet<string>;
  readonly facts: PathFacts;
  readonly nowMs: number;
}

/** One row a node: what the mesh says of it, what our tunnel sees of it, and how far away it is. Ourselves first, then by id. */
export function peersTopic(input: PeersInput): PeersTopic {
  const states = new Map(input.tunnel.map((state) => [state.publicKey, state]));
  const rows = input.roster.nodes.map((node) => viewOf(node, states.get(node.publicKey), input));
  if (input.own && input.nodeId !== null && !rows.some(({ self }) => self)) rows.push(ownRow(input.nodeId, input.own));
  rows.sort((a, b) => (a.self !== b.self ? (a.self ? -1 : 1) : a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return { source: input.roster.source, list: rows };
}

function viewOf(node: RosterNode, state: PeerState | undefined, input: PeersInput): PeerView {
  const self = node.id === input.nodeId;
  const handshakeMs = state && state.lastHandshakeMs > 0n ? Number(state.lastHandshakeMs) : null;
  const view = self || input.own === null ? undefined : input.paths.get(node.publicKey);
  return {
    id: node.id,
    self,
    publicKey: node.publicKey,
    ipv4: node.ipv4,
    ipv6: node.ipv6,
    role: node.role,
    endpoint: self ? (node.endpoints[0] ?? null) : shownEndpoint(state?.endpoint ?? '', view) || node.endpoints[0] || null,
    path: self ? { kind: 'self' } : pathOf(node, state, handshakeMs, view, input),
    why: whyFrom(view),
    lastHandshakeMs: handshakeMs,
    receiveBytes: Number(state?.receiveBytes ?? 0n),
    transmitBytes: Number(state?.transmitBytes ?? 0n),
    latencyMs: latencyFrom(view) ?? input.latencies.get(node.id) ?? null,
    favourite: !self && input.favourites.has(node.id),
    createdAtMs: node.createdAtMs,
    updatedAtMs: node.updatedAtMs,
  };
}

/** The finder's word where it has one; else what handshakes tell. */
function pathOf(node: RosterNode, state: PeerState | undefined, handshakeMs: number | null, view: PathView | undefined, { own, facts, nowMs }: PeersInput): PeerPath {
  if (own === null) return { kind: 'down', reason: 'not-connected' };
  const found = pathFrom(view, { endpoint: state?.endpoint ?? '', advertised: node.endpoints, handshakeAgeMs: handshakeMs === null ? null : nowMs - handshakeMs }, facts);
  if (found) return found;
  if (handshakeMs !== null) return nowMs - handshakeMs < handshakeFreshMs ? { kind: 'direct' } : { kind: 'silent', reason: 'no-handshake-lately' };
  if (node.endpoints.length > 0 || state?.endpoint) return { kind: 'waiting', reason: 'no-handshake-yet' };
  return { kind: 'waiting', reason: own.hasEndpoint ? 'peer-has-no-endpoint' : 'both-behind-nat' };
}

function ownRow(id: string, { publicKey, lease }: { readonly publicKey: string; readonly lease: Lease }): PeerView {
  return {
    id, self: true, publicKey, ipv4: lease.ipv4, ipv6: lease.ipv6, role: 'unknown', endpoint: null, path: { kind: 'self' }, why: [],
    lastHandshakeMs: null, receiveBytes: 0, transmitBytes: 0, latencyMs: null, favourite: false, createdAtMs: null, updatedAtMs: null,
  };
}
