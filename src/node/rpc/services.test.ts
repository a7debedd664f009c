import { afterEach, expect, test } from 'vitest';
import { cell } from '../../base/cell.ts';
import { type Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { between, pick, type Random, seeded } from '../../base/random.ts';
import { type Call, RpcError, type Service, status, type Unary } from '../../base/rpc.ts';
import { ACLAction } from '../../gen/v1/admin_messages.ts';
import { AdminService } from '../../gen/v1/admin.ts';
import { ClusterStatus, Feature } from '../../gen/v1/mesh_messages.ts';
import { JoinRequest, JoinResponse, type Status } from '../../gen/v1/node_messages.ts';
import { PeerState, TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { openDatabase } from '../../platform/sqlite.ts';
import { systemClock } from '../../platform/clock.ts';
import { entryType, type RaftView } from '../../raft/types.ts';
import { encodeEntry } from '../consensus/entry.ts';
import { type Applied, type Consensus, type Database, type HostSample, type RemoteCaller } from '../ports.ts';
import { createMeshState, type MeshState } from '../state/mesh-state.ts';
import { pki } from '../../platform/pki.ts';
import { createNodeServices, type NodeServices, type NodeServicesPorts } from './services.ts';
import { readTables } from '../state/snapshot.ts';
import { bootstrapEntry, type Founding } from '../statements/statements.ts';
import { noDuplex } from '../../../test/fakes/no-duplex.ts';
import { noParts } from '../../../test/fakes/no-parts.ts';

const closing: Database[] = [];
afterEach(() => {
  for (const db of closing.splice(0)) db.close();
});

interface World {
  readonly node: NodeServices;
  readonly state: MeshState;
  readonly db: Database;
  readonly view: ReturnType<typeof cell<RaftView>>;
  readonly entries: number[];
  call<T>(method: string, request: unknown, call?: Partial<Call>): Promise<T>;
}

/** A leader without other members: what it proposes is applied to a real database a turn later. */
function fakeConsensus(state: MeshState, view: World['view'], entries: number[]): Consensus {
  const apply = async (data: Uint8Array): Promise<Applied> => {
    await Promise.resolve();
    if (view.get().role !== 'leader') throw new RpcError(status.failedPrecondition, 'not leader');
    const index = state.appliedIndex() + 1;
    entries.push(index);
    const [response] = state.apply([{ index, term: 1, type: entryType.command, data, extensions: null, appendedAt: null }]);
    return { index, response: response as Uint8Array };
  };
  return {
    view,
    propose: apply,
    change: async () => {},
    linearizable: async () => {
      if (view.get().role !== 'leader') throw new RpcError(status.failedPrecondition, 'not leader');
    },
    transferLeadership: async () => {},
  };
}

function raftView(part: Partial<RaftView> = {}): RaftView {
  return { id: 'host', role: 'leader', term: 1, leader: 'host', lastIndex: 1, commitIndex: 1, configuration: { servers: [{ id: 'host', address: '172.16.0.1:9443', voter: true }] },
    configurationCommitted: true, leaderContactTicks: 0, quorumActive: true, progress: new Map(), ...part };
}

const noRemote: RemoteCaller = { ...noDuplex, unary: () => Promise.reject(new RpcError(status.unavailable, 'nobody is there')) };
const founding: Founding = { ulaPrefix: 'fd12:3456:789a::/48', ipv4Prefix: '172.16.0.0/12', networkName: 'home', acls: [], founder: null, now: { seconds: 1685124908n, nanos: 0 } };

function world({ found = founding as Founding | null, ...part }: Partial<NodeServicesPorts> & { found?: Founding | null } = {}): World {
  const db = openDatabase({ path: ':memory:', durability: 'normal' });
  closing.push(db);
  const state = createMeshState(db);
  const view = cell(raftView());
  const entries: number[] = [];
  if (found) state.apply([{ index: 1, term: 1, type: entryType.command, data: encodeEntry(bootstrapEntry(found)), extensions: null, appendedAt: null }]);
  const clock: Clock = { ...systemClock, nowMs: () => 1685124998_500 };
  const node = createNodeServices({
    nodeId: 'host', offers: { leaderProxy: true, meshApi: true, peerDiscovery: true, metrics: true, admin: true, iceNegotiation: false, turnServer: false, meshDns: false, prometheus: false }, ...noParts, build: { version: '1', commit: 'c', builtAt: 'b' }, startedAtMs: 1685124908_000,
    consensus: fakeConsensus(state, view, entries), reads: state, remote: noRemote, tunnel: () => null, hostSample: () => Promise.reject(new Error('not asked')), clock, random: seeded(1), log: silentLog, leaderPatienceMs: 0, secure: false, identity: () => null, pki, ...part,
  });
  return { node, state, db, view, entries, call: (method, request, call) => invoke(node.services, method, request, call) };
}

function invoke<T>(services: readonly Service[], name: string, request: unknown, part: Partial<Call> = {}): Promise<T> {
  const handler = services.map(({ handlers }) => handlers[name]).find((each) => each !== undefined) as Unary<unknown, T>;
  return handler(request, { caller: { kind: 'clear-text' }, metadata: {}, peer: 'test', signal: new AbortController().signal, deadlineMs: undefined, ...part });
}

const keyOf = (n: number): string => Buffer.alloc(32, n).toString('base64');
const joinRequest = (part: Partial<JoinRequest>): JoinRequest => JoinRequest.fromPartial({ id: 'a', publicKey: keyOf(1), assignIpv4: true, ...part });
const join = (it: World, part: Partial<JoinRequest>, call?: Partial<Call>): Promise<JoinResponse> => it.call('join', joinRequest(part), call);
const refusal = (work: Promise<unknown>): Promise<[number, string]> => work.then(() => [0, ''] as [number, string], (error: unknown) => (error instanceof RpcError ? [error.code, error.message] as [number, string] : Promise.reject(error)));

test('a new node gets an address, a /64 and everybody else as peers, in one entry', async () => {
  const it = world();
  const host = await join(it, { id: 'host', publicKey: keyOf(9), primaryEndpoint: '203.0.113.1', endpoints: ['2001:db8::9'] });
  const response = await join(it, { raftPort: 1, grpcPort: 2, wireguardPort: 3, endpoints: ['10.1.1.1'] });
  expect([host.addressIpv4, response.addressIpv4, it.entries]).toEqual(['172.16.0.1/12', '172.16.0.2/12', [2, 3]]);
  expect(response.networkIpv6).toMatch(/^fd12:3456:789a:[0-9a-f]{1,4}::\/64$/);
  expect(response.peers).toEqual([{ id: 'host', publicKey: keyOf(9), primaryEndpoint: '203.0.113.1:51820', endpoints: ['[2001:db8::9]:51820'], addressIpv4: '172.16.0.1/12', addressIpv6: host.networkIpv6 }]);
  const at = { seconds: 1685124998n, nanos: 500_000_000 };
  expect(it.state.node('a')).toEqual({ id: 'a', publicKey: keyOf(1), raftPort: 1, grpcPort: 2, wireguardPort: 3, primaryEndpoint: null, endpoints: ['10.1.1.1'], networkIpv6: response.networkIpv6, leaseIpv4: '172.16.0.2/12', createdAt: at, updatedAt: at });
});

test('joining again keeps the addresses, replaces key, ports and endpoints, and never clears the primary endpoint', async () => {
  const it = world();
  const first = await join(it, { primaryEndpoint: '203.0.113.1', endpoints: ['10.0.0.1'], asVoter: true });
  await join(it, { id: 'b', publicKey: keyOf(2) });
  const again = await join(it, { publicKey: keyOf(3), raftPort: 5, endpoints: ['10.0.0.2', 'fd00::7'] });
  expect([again.addressIpv4, again.networkIpv6]).toEqual([first.addressIpv4, first.networkIpv6]);
  expect(it.state.node('a')).toMatchObject({ publicKey: keyOf(3), raftPort: 5, grpcPort: 8443, primaryEndpoint: '203.0.113.1', endpoints: ['10.0.0.2', 'fd00::7'] });
  expect([it.state.get('voter/a'), it.state.get('voter/b')]).toEqual(['true', undefined]);
});

test('without assign_ipv4 a node has IPv6 only, and its addresses are put in brackets everywhere', async () => {
  const it = world();
  const six = await join(it, { assignIpv4: false, primaryEndpoint: '2001:DB8:0:0::1%eth0' });
  expect(six.addressIpv4).toBe('');
  const peers = (await join(it, { id: 'b', publicKey: keyOf(2) })).peers;
  expect(peers[0]).toMatchObject({ primaryEndpoint: '[2001:db8::1]:51820', addressIpv4: '', addressIpv6: six.networkIpv6 });
  expect(await it.call('listPeers', {})).toEqual({ peers: [{ id: 'a', address: '[2001:db8::1]:8443', voter: false, leader: false }] });
});

test.each<[string, Partial<JoinRequest>, string]>([
  ['no id', { id: '' }, 'node id is required'],
  ['a long id', { id: 'x'.repeat(254) }, 'node id is invalid'],
  ['an id with a comma', { id: 'a,b' }, 'node id is invalid'],
  ['an id with a line break', { id: 'a\n' }, 'node id is invalid'],
  ['no key', { publicKey: '' }, 'public key is invalid'],
  ['a short key', { publicKey: 'AAAA' }, 'public key is invalid'],
  ['a host name as endpoint', { primaryEndpoint: 'example.org' }, 'primary endpoint is invalid'],
  ['an endpoint with a port', { primaryEndpoint: '1.2.3.4:51820' }, 'primary endpoint is invalid'],
  ['an unspecified endpoint', { primaryEndpoint: '::' }, 'primary endpoint is invalid'],
  ['an empty text in the list', { endpoints: [''] }, 'endpoints is invalid'],
  ['too many endpoints', { endpoints: Array.from({ length: 17 }, (_, i) => `10.0.0.${i + 1}`) }, 'endpoints are too many'],
  ['a negative port', { raftPort: -1 }, 'raft port is invalid'],
  ['a port beyond 16 bits', { wireguardPort: 65_536 }, 'wireguard port is invalid'],
])('Join refuses %s', async (_, part, message) => {
  const it = world();
  const [code, text] = await refusal(join(it, part));
  expect([code, text.slice(0, message.length), it.entries]).toEqual([status.invalidArgument, message, []]);
});

test('a key that another node has, and a mesh that is not founded or full, are refused with their codes', async () => {
  const it = world();
  await join(it, {});
  expect(await refusal(join(it, { id: 'thief' }))).toEqual([status.alreadyExists, 'public key belongs to another node']);
  expect(await refusal(join(world({ found: null }), {}))).toEqual([status.unavailable, 'the mesh is not founded yet']);
  const small = world({ found: { ...founding, ipv4Prefix: '10.0.0.0/30' } });
  expect([(await join(small, {})).addressIpv4, (await join(small, { id: 'b', publicKey: keyOf(2) })).addressIpv4]).toEqual(['10.0.0.1/30', '10.0.0.2/30']);
  expect(await refusal(join(small, { id: 'c', publicKey: keyOf(3) }))).toEqual([status.resourceExhausted, 'no IPv4 address is free']);
  expect((await join(small, { id: 'b', publicKey: keyOf(4) })).addressIpv4).toBe('10.0.0.2/30');
  await small.call('leave', { id: 'a' });
  expect((await join(small, { id: 'c', publicKey: keyOf(3) })).addressIpv4).toBe('10.0.0.1/30');
});

test('joins at the same time get different addresses, also behind one endpoint', async () => {
  const it = world();
  const responses = await Promise.all(Array.from({ length: 60 }, (_, i) => join(it, { id: `n${i}`, publicKey: keyOf(i + 1), primaryEndpoint: '203.0.113.5', endpoints: ['192.168.1.2'] })));
  expect(new Set(responses.map(({ addressIpv4 }) => addressIpv4)).size).toBe(60);
  expect(new Set(responses.map(({ networkIpv6 }) => networkIpv6)).size).toBe(60);
  expect(responses.map(({ addressIpv4 }) => addressIpv4)).toEqual(Array.from({ length: 60 }, (_, i) => `172.16.0.${i + 1}/12`));
  expect(it.state.nodes().filter(({ primaryEndpoint }) => primaryEndpoint === '203.0.113.5')).toHaveLength(1);
  expect(it.state.node('n7')?.endpoints).toEqual(['203.0.113.5', '192.168.1.2']);
});

test('a choice that another leader took meanwhile is made again', async () => {
  const it = world();
  const consensus = fakeConsensus(it.state, it.view, it.entries);
  const rival = world({ reads: it.state, random: seeded(2), consensus: { ...consensus, propose: async (entry, signal) => {
    // Between our choice and its entry, the entry of an earlier leader takes the address.
    if (it.state.leases().length === 0) await join(it, { id: 'rival', publicKey: keyOf(8) });
    return consensus.propose(entry, signal);
  } } });
  expect((await join(rival, {})).addressIpv4).toBe('172.16.0.2/12');
});

test('Leave frees the address and forgets the wishes; it is silent about strangers', async () => {
  const it = world();
  await join(it, { asVoter: true, preferRaftIpv6: true });
  expect(it.state.get('raft-ipv6/a')).toBe('true');
  await it.call('leave', { id: 'a' });
  expect([it.state.node('a'), it.state.leases(), it.state.get('voter/a'), it.state.get('raft-ipv6/a')]).toEqual([undefined, [], undefined, undefined]);
  const before = it.entries.length;
  expect(await it.call('leave', { id: 'stranger' })).toEqual({});
  expect([it.entries.length, await refusal(it.call('leave', { id: '' }))]).toEqual([before, [status.invalidArgument, 'node id is required']]);
});

test('a follower without a proxy says so', async () => {
  const it = world({ offers: { leaderProxy: false, meshApi: true, peerDiscovery: true, metrics: false, admin: true, iceNegotiation: false, turnServer: false, meshDns: false, prometheus: false } });
  it.view.set(raftView({ role: 'follower', leader: 'other' }));
  for (const work of [join(it, {}), it.call('leave', { id: 'a' }), it.call('listRaftAcLs', {}), it.call('putRaftAcl', { name: 'n', patterns: ['*'], action: 1 })]) {
    expect(await refusal(work)).toEqual([status.failedPrecondition, 'not leader']);
  }
  expect(it.node.services).toHaveLength(4);
});

test('the status of this node, of itself by name, of another, and of nobody', async () => {
  const asked: unknown[] = [];
  const remote: RemoteCaller = { ...noDuplex, unary: async (address, path, request) => {
    asked.push([address, path, request.length]);
    return new Uint8Array();
  } };
  const it = world({ remote, tunnel: () => TunnelState.fromPartial({ peers: [PeerState.fromPartial({}), PeerState.fromPartial({})] }) });
  await join(it, { id: 'other', grpcPort: 7 });
  const own: Status = { id: 'host', version: '1', commit: 'c', buildDate: 'b', uptime: '1m30.5s', startedAt: { seconds: 1685124908n, nanos: 0 }, wireguardPeers: 2, clusterStatus: ClusterStatus.CLUSTER_LEADER, currentLeader: 'host',
    features: [Feature.NODES] };
  expect([await it.call('getStatus', { id: '' }), await it.call('getStatus', { id: 'host' }), it.node.status()]).toEqual([own, own, own]);
  expect(await it.call<Status>('getStatus', { id: 'other' })).toMatchObject({ id: '' });
  expect(asked).toEqual([['172.16.0.1:7', '/v1.Node/GetStatus', 0]]);
  expect(await refusal(it.call('getStatus', { id: 'nobody' }))).toEqual([status.failedPrecondition, 'node is unknown or has no address']);
  it.view.set(raftView({ role: 'follower', leader: null, configuration: { servers: [] } }));
  expect(it.node.status()).toMatchObject({ clusterStatus: ClusterStatus.CLUSTER_STATUS_UNKNOWN, currentLeader: '' });
});

test('the mesh API fills ports and roles, sorts by id, and one strange row spoils nothing', async () => {
  const it = world();
  await join(it, { id: 'zed', grpcPort: 7 });
  await join(it, { id: 'host', publicKey: keyOf(9) });
  it.db.exec("INSERT INTO nodes (id, public_key, raft_port, endpoints, created_at, updated_at) VALUES ('odd', 7, 'many', x'ff', 'never', 5)");
  it.state.apply([{ index: it.state.appliedIndex() + 1, term: 1, type: entryType.noop, data: new Uint8Array(), extensions: null, appendedAt: null }]);
  it.view.set(raftView({ configuration: { servers: [{ id: 'host', address: 'x', voter: true }, { id: 'zed', address: 'y', voter: false }] } }));
  const { nodes } = await it.call<{ nodes: { id: string }[] }>('listNodes', {});
  expect(nodes.map(({ id }) => id)).toEqual(['host', 'odd', 'zed']);
  expect(nodes[2]).toMatchObject({ raftPort: 9443, grpcPort: 7, wireguardPort: 51820, privateIpv4: '172.16.0.1/12', clusterStatus: ClusterStatus.CLUSTER_NON_VOTER });
  expect(await it.call('getNode', { id: 'host' })).toMatchObject({ id: 'host', clusterStatus: ClusterStatus.CLUSTER_LEADER });
  expect(it.node.nodes()).toEqual(nodes);
  expect(await refusal(it.call('getNode', { id: '' }))).toEqual([status.notFound, 'node not found']);
  expect(it.node.mesh()).toEqual({ networkName: 'home', ipv4Network: '172.16.0.0/12', ulaPrefix: 'fd12:3456:789a::/48' });
  it.view.set(raftView({ role: 'follower', leader: null }));
  expect(await refusal(it.call('listPeers', {}))).toEqual([status.unavailable, 'no leader']);
});

test('access lists: written, read in order, obeyed, deleted', async () => {
  const it = world();
  await it.call('putRaftAcl', { name: 'z-all', patterns: ['*'], action: ACLAction.DENY });
  await it.call('putRaftAcl', { name: 'a-srv', patterns: ['srv-*', 'host'], action: ACLAction.ALLOW });
  expect(await it.call('listRaftAcLs', {})).toEqual({ items: [{ name: 'a-srv', patterns: ['srv-*', 'host'], action: ACLAction.ALLOW }, { name: 'z-all', patterns: ['*'], action: ACLAction.DENY }] });
  expect(await refusal(join(it, { id: 'laptop', asVoter: true }))).toEqual([status.permissionDenied, 'not allowed']);
  await join(it, { id: 'srv-1', asVoter: true });
  await join(it, { id: 'laptop', publicKey: keyOf(2) });
  await it.call('putRaftAcl', { name: 'a-srv', patterns: ['none'], action: ACLAction.ALLOW });
  expect(await it.call('getRaftAcl', { name: 'a-srv' })).toEqual({ name: 'a-srv', patterns: ['none'], action: ACLAction.ALLOW });
  await it.call('deleteRaftAcl', { name: 'z-all' });
  expect(await it.call('deleteRaftAcl', { name: 'z-all' })).toEqual({});
  expect(await refusal(join(it, { id: 'stranger', publicKey: keyOf(3) }))).toEqual([status.permissionDenied, 'not allowed']);
  expect(await refusal(it.call('getRaftAcl', { name: 'z-all' }))).toEqual([status.notFound, 'ACL not found']);
  for (const bad of [{ name: '', patterns: ['*'], action: 1 }, { name: 'n', patterns: [], action: 1 }, { name: 'n', patterns: ['a,b'], action: 1 }, { name: 'n', patterns: [''], action: 1 }, { name: 'n', patterns: ['*'], action: 7 }]) {
    expect((await refusal(it.call('putRaftAcl', bad)))[0]).toBe(status.invalidArgument);
  }
});

test('a follower passes on what belongs to the leader, once, with metadata and deadline', async () => {
  const calls: unknown[] = [];
  const remote: RemoteCaller = { ...noDuplex, unary: async (address, path, _bytes, { metadata, deadlineMs }) => {
    calls.push({ address, path, metadata, deadlineMs });
    if (address.startsWith('172')) throw new RpcError(status.unavailable, 'no route');
    return path.endsWith('Join') ? JoinResponse.encode(JoinResponse.fromPartial({ addressIpv4: 'from the leader' })).finish() : path.endsWith('GetRaftACL') ? Uint8Array.of(0xff) : new Uint8Array();
  } };
  const it = world({ remote });
  await join(it, { id: 'boss', primaryEndpoint: '2001:db8::1', grpcPort: 7 });
  const before = it.entries.length;
  it.view.set(raftView({ role: 'follower', leader: 'boss' }));
  expect(await join(it, {}, { metadata: { 'x-request': '1', 'user-agent': 'grpc', 'grpc-timeout': '1S' }, deadlineMs: 777 })).toMatchObject({ addressIpv4: 'from the leader' });
  const expected = { path: '/v1.Node/Join', metadata: { 'x-request': '1', 'proxied-from': 'host' }, deadlineMs: 777 };
  expect(calls).toEqual([{ address: '172.16.0.1:7', ...expected }, { address: '[2001:db8::1]:7', ...expected }]);
  calls.length = 0;
  expect(await refusal(join(it, {}, { metadata: { 'proxied-from': 'third' } }))).toEqual([status.failedPrecondition, 'not leader']);
  await it.call('listNodes', {});
  await it.call('getStatus', { id: '' });
  await it.call('listPeers', {}, { metadata: { 'prefer-leader': 'TRUE' } });
  expect([calls, it.entries.length]).toEqual([[], before]);
  await it.call('listNodes', {}, { metadata: { 'prefer-leader': 'true' } });
  expect(await refusal(it.call('getRaftAcl', { name: 'x' }))).toEqual([status.internal, 'the other node answered what cannot be read']);
  expect(calls.map((call) => (call as { path: string }).path)).toEqual(['/v1.Mesh/ListNodes', '/v1.Mesh/ListNodes', '/v1.Admin/GetRaftACL', '/v1.Admin/GetRaftACL']);
  it.view.set(raftView({ role: 'follower', leader: null }));
  expect(await refusal(join(it, {}))).toEqual([status.unavailable, 'no leader']);
});

test('a call that meets an election waits for its end: for another leader, or for this node itself', async () => {
  const remote: RemoteCaller = { ...noDuplex, unary: async () => JoinResponse.encode(JoinResponse.fromPartial({ addressIpv4: 'from the leader' })).finish() };
  const it = world({ remote, leaderPatienceMs: 5_000 });
  await join(it, { id: 'boss', publicKey: keyOf(7) });
  for (const [then, answer] of [[raftView({ role: 'follower', leader: 'boss' }), 'from the leader'], [raftView(), '172.16.0.2/12']] as const) {
    it.view.set(raftView({ role: 'candidate', leader: null }));
    const waiting = join(it, {});
    await new Promise((resolve) => setTimeout(resolve, 5));
    it.view.set(then);
    expect((await waiting).addressIpv4).toBe(answer);
  }
  it.view.set(raftView({ role: 'candidate', leader: null }));
  const gone = new AbortController();
  const left = join(it, {}, { signal: gone.signal });
  gone.abort(new DOMException('left', 'AbortError'));
  await expect(left).rejects.toMatchObject({ name: 'AbortError' });
});

test("the leader's refusal is the caller's, and is not tried at the next address", async () => {
  const addresses: string[] = [];
  const it = world({ remote: { ...noDuplex, unary: async (address) => {
    addresses.push(address);
    throw new RpcError(status.permissionDenied, 'not allowed');
  } } });
  await join(it, { id: 'boss', primaryEndpoint: '203.0.113.1' });
  it.view.set(raftView({ role: 'follower', leader: 'boss' }));
  expect([await refusal(join(it, {})), addresses]).toEqual([[status.permissionDenied, 'not allowed'], ['172.16.0.1:8443']]);
});

test('a caller that goes away or is out of time leaves the queue; the work that began is finished', async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const it = world();
  const consensus = fakeConsensus(it.state, it.view, it.entries);
  const slow = world({ reads: it.state, consensus: { ...consensus, linearizable: () => held } });
  const gone = new AbortController();
  const first = join(slow, {}, { signal: gone.signal });
  await new Promise((resolve) => setImmediate(resolve));
  const second = join(slow, { id: 'b', publicKey: keyOf(2) }, { deadlineMs: 20 });
  const third = join(slow, { id: 'c', publicKey: keyOf(3) });
  gone.abort(new DOMException('left', 'AbortError'));
  await expect(first).rejects.toMatchObject({ name: 'AbortError' });
  expect(await refusal(second)).toEqual([status.deadlineExceeded, 'Join took too long']);
  release();
  expect((await third).addressIpv4).toBe('172.16.0.2/12');
  expect(it.state.nodes().map(({ id }) => id)).toEqual(['a', 'c']);
});

test('metrics come through the service and for the own machine alike', async () => {
  const sample = { atMs: 0, bootTimeMs: 0, os: {}, cpuMs: {}, load: [0, 0, 0], memory: {}, disks: [], addresses: [], macs: [] } as unknown as HostSample;
  const it = world({ hostSample: async () => ({ ...sample, memory: { total: 1, available: 1, free: 1, swapTotal: 0, swapFree: 0 }, os: { type: 'linux', family: '', platform: '', name: '', version: '', build: '', codename: '' } }) });
  expect(await it.call('getMetrics', {})).toEqual({ metrics: await it.node.metrics() });
});

const letters = ['', 'a', '*', ',', '\0', '\n', 'é', '💥', '%', "'", '"', ';', 'DROP TABLE nodes', '172.16.0.1', '::1', 'fd00::/64', 'x'.repeat(300), keyOf(4), '../..', '1'.repeat(30)];

function garbage(random: Random): unknown {
  const text = (): string => Array.from({ length: between(random, 0, 3) }, () => pick(random, letters)).join('');
  const number = (): number => pick(random, [0, -1, 1, 65_535, 65_536, 2 ** 31 - 1, -(2 ** 31), between(random, 1, 65_535)]);
  const list = (): string[] => Array.from({ length: between(random, 0, 20) }, text);
  return { id: pick(random, ['a', 'b', text()]), publicKey: pick(random, [keyOf(between(random, 1, 9)), text()]), raftPort: number(), grpcPort: number(), wireguardPort: number(), primaryEndpoint: pick(random, ['', '1.1.1.1', text()]),
    endpoints: pick(random, [[], ['10.0.0.1'], list()]), assignIpv4: random.next() < 0.5, preferRaftIpv6: random.next() < 0.5, asVoter: random.next() < 0.5, name: text(), patterns: list(), action: number() };
}

test('no request, however strange, is answered by anything but a value or a refusal, and the state stays whole', async () => {
  const random = seeded(20_261_122);
  const it = world({ found: { ...founding, ipv4Prefix: '10.0.0.0/29' } });
  const methods = ['join', 'leave', 'getStatus', 'getNode', 'listNodes', 'listPeers', 'putRaftAcl', 'deleteRaftAcl', 'getRaftAcl', 'listRaftAcLs'];
  const codes = new Map<number, number>();
  for (let i = 0; i < 3_000; i++) {
    if (i % 50 === 0) it.view.set(raftView(random.next() < 0.8 ? {} : { role: 'follower', leader: pick(random, [null, 'a', 'host']) }));
    const [code] = await refusal(it.call(pick(random, methods), garbage(random)));
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect(codes.get(0)).toBeGreaterThan(100);
  expect(codes.get(status.internal) ?? 0).toBe(0);
  const { nodes, leases } = readTables(it.db);
  expect(leases.every(([, node]) => nodes.some(([, id]) => id === node))).toBe(true);
  expect(new Set(leases.map(([, , ipv4]) => ipv4)).size).toBe(leases.length);
  const copy = world({ found: null });
  copy.state.restore(it.state.snapshot(), it.state.appliedIndex(), 1, raftView().configuration);
  expect(readTables(copy.db)).toEqual(readTables(it.db));
});

test('every method of the Admin service has a handler', () => {
  const admin = world().node.services.find(({ definition }) => definition === AdminService);
  expect(Object.keys(admin?.handlers ?? {}).sort()).toEqual(Object.keys(AdminService).sort());
});
