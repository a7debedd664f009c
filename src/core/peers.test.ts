import { expect, test } from 'vitest';
import { PeerState } from '../gen/webmesh/helper/v1/helper.ts';
import type { RosterNode } from './mesh/roster.ts';
import { handshakeFreshMs, peersTopic, type PeersInput } from './peers.ts';

const nowMs = 1_000_000;
const node: RosterNode = { id: 'b', publicKey: 'kb', ipv4: '10.0.0.2', ipv6: null, ipv6Network: null, endpoints: ['192.0.2.1:51820'], primary: '192.0.2.1', grpcPort: 8443, role: 'voter', createdAtMs: 5, updatedAtMs: 6 };
const own = { publicKey: 'ka', lease: { ipv4: '10.0.0.1', ipv4Network: '10.0.0.0/16', ipv6: null, ipv6Network: null }, hasEndpoint: true };
const state = (more: Partial<PeerState>): PeerState => PeerState.fromPartial({ publicKey: 'kb', ...more });
const topic = (more: Partial<PeersInput>) => peersTopic({ nodeId: 'a', own, roster: { source: 'replica', nodes: [node] }, tunnel: [], latencies: new Map(), paths: new Map(), favourites: new Set(), facts: { nat: null, subnets: [] }, nowMs, ...more });
const pathOf = (more: Partial<PeersInput>) => topic(more).list.find(({ id }) => id === 'b')?.path;

test('a row joins what the mesh, the tunnel and the probe know; we come first', () => {
  const { list, source } = topic({ tunnel: [state({ endpoint: '192.0.2.1:4000', lastHandshakeMs: BigInt(nowMs - 5), receiveBytes: 7n, transmitBytes: 8n })], latencies: new Map([['b', 3.5]]) });
  expect(source).toBe('replica');
  expect(list.map(({ id, self }) => ({ id, self }))).toEqual([{ id: 'a', self: true }, { id: 'b', self: false }]);
  expect(list[1]).toEqual({
    id: 'b', self: false, publicKey: 'kb', ipv4: '10.0.0.2', ipv6: null, role: 'voter', endpoint: '192.0.2.1:4000', path: { kind: 'direct' }, why: [],
    lastHandshakeMs: nowMs - 5, receiveBytes: 7, transmitBytes: 8, favourite: false, latencyMs: 3.5, createdAtMs: 5, updatedAtMs: 6,
  });
});

test('favourites are marked, but never ourselves', () => {
  expect(topic({ favourites: new Set(['a', 'b', 'gone']) }).list.map(({ id, favourite }) => `${id} ${favourite}`)).toEqual(['a false', 'b true']);
});

test('each path says why', () => {
  expect(pathOf({})).toEqual({ kind: 'waiting', reason: 'no-handshake-yet' });
  expect(pathOf({ own: null })).toEqual({ kind: 'down', reason: 'not-connected' });
  expect(pathOf({ tunnel: [state({ lastHandshakeMs: BigInt(nowMs - handshakeFreshMs + 1) })] })).toEqual({ kind: 'direct' });
  expect(pathOf({ tunnel: [state({ lastHandshakeMs: BigInt(nowMs - handshakeFreshMs) })] })).toEqual({ kind: 'silent', reason: 'no-handshake-lately' });
  const hidden = { roster: { source: 'replica' as const, nodes: [{ ...node, endpoints: [] }] } };
  expect(pathOf(hidden)).toEqual({ kind: 'waiting', reason: 'peer-has-no-endpoint' });
  expect(pathOf({ ...hidden, own: { ...own, hasEndpoint: false } })).toEqual({ kind: 'waiting', reason: 'both-behind-nat' });
});
