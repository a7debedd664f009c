import { expect, test } from 'vitest';
import { failure, toData } from '../base/failure.ts';
import { lives } from '../base/identity.ts';
import type { DeviceView, SessionTopic, TrustTopic } from '../contract/state.ts';
import { HelloResponse, NodeState } from '../gen/webmesh/helper/v1/helper.ts';
import { healthTopic, type HealthInput } from './health.ts';

const lease = { ipv4: '10.0.0.1', ipv4Network: '10.0.0.0/16', ipv6: null, ipv6Network: null };
const tunnel = { interfaceName: 'wm', engine: 'kernel', publicKey: '', listenPort: 1, mtu: 1420, receiveBytes: 0, transmitBytes: 0 };
const connected: SessionTopic = { want: 'connected', profile: 'p', epoch: 1, phase: 'connected', sinceMs: 0, lease, tunnel, degraded: null };
const trust: TrustTopic = { mode: 'mtls', role: 'member', fingerprint: null, notAfterMs: null, root: 'elsewhere', rootExported: false, secretsIn: 'keyring', devices: [], invites: [], authorities: [] };
const well: HealthInput = {
  session: connected, profile: undefined, link: { state: 'up', hello: HelloResponse.fromPartial({ engine: 'kernel' }) }, linkDownMs: 0,
  node: NodeState.fromPartial({ running: true }), peers: [], setAside: [], trust, troubles: [], auditIntact: null,
  paths: { nat: null, forwards: [], offers: null }, missing: [],
};
const profile = { id: 'p', name: 'home', kind: 'member' as const, nodeId: 'n', address: 'a:1', insecure: true, offers: { iceNegotiation: false, turnServer: false, meshDns: false, prometheus: false, relayMbit: 0, shares: [] } };
const codes = (input: Partial<HealthInput>, nowMs = 100_000) => healthTopic({ ...well, ...input }, nowMs).warnings.map(({ code, severity }) => `${code} ${severity}`);

test('all is well', () => expect(codes({})).toEqual([]));
test('clear text is always said', () => expect(codes({ profile })).toEqual(['clear-text error']));
test('a helper that is away, after a moment of patience', () => {
  const link = { state: 'down' as const, failure: toData(failure('helper.unreachable', { path: '/x' })) };
  expect(codes({ link, linkDownMs: 1_000 })).toEqual([]);
  expect(healthTopic({ ...well, link, linkDownMs: 2_000 }, 0).warnings).toEqual([{ code: 'helper-missing', severity: 'error', detail: { path: '/x', failure: 'helper.unreachable' } }]);
});
test('no engine', () => expect(codes({ link: { state: 'up', hello: HelloResponse.fromPartial({ engineProblem: 'none found' }) } })).toEqual(['engine-missing error']));
test('a node process that is down matters while connected', () => {
  expect(codes({ node: NodeState.fromPartial({ problem: 'it ended' }) })).toEqual(['node-down warning']);
  expect(codes({ node: NodeState.fromPartial({ problem: 'it ended' }), session: { want: 'disconnected', profile: null, epoch: 1, phase: 'disconnected' } })).toEqual([]);
});
test('a port of the node that another program holds', () => {
  const node = NodeState.fromPartial({ running: true, problemCode: 'node.port-in-use', problem: 'node.port-in-use: port 9443, host 10.0.0.1' });
  expect(healthTopic({ ...well, node }, 0).warnings).toEqual([{ code: 'node-port-in-use', severity: 'warning', detail: { problem: '', port: 9443 } }]);
});
test('a network without UDP, and offers that do not answer, with why', () => {
  const nat = { mapping: 'blocked' as const, publicIpv4: null, publicIpv6: null, tunnelEndpoints: [], portMapping: null };
  expect(codes({ paths: { nat, forwards: [], offers: null } })).toEqual(['udp-blocked warning']);
  const node = NodeState.fromPartial({ running: true, problemCode: 'node.port-in-use', problem: 'node.port-in-use: port 5353' });
  expect(healthTopic({ ...well, missing: ['meshDns'], node }, 0).warnings).toEqual([{ code: 'service-down', severity: 'warning', detail: { problem: '', port: 5353, service: 'meshDns' } }]);
  expect(codes({ missing: ['meshDns'], session: { want: 'disconnected', profile: null, epoch: 1, phase: 'disconnected' } })).toEqual([]);
});
test('a control plane that is lost, and a mesh that does not replicate', () => {
  expect(codes({ session: { ...connected, degraded: { kind: 'control-plane-lost', sinceMs: 5, storedLease: true } } })).toEqual(['control-plane-lost warning']);
  expect(codes({ session: { ...connected, degraded: { kind: 'polling', detail: 'node-does-not-replicate' } } })).toEqual(['not-replicating info']);
});
test('connectivity comes first, files last', () => {
  const peer = { id: 'x', self: false, publicKey: '', ipv4: null, ipv6: null, role: 'observer' as const, endpoint: null, path: { kind: 'silent', reason: 'no-handshake-lately' } as const, why: [], lastHandshakeMs: 1, receiveBytes: 0, transmitBytes: 0, latencyMs: null, favourite: false, createdAtMs: null, updatedAtMs: null };
  expect(codes({ profile, peers: [peer, peer], setAside: ['a.json.damaged-1'], session: { ...connected, degraded: { kind: 'control-plane-lost', sinceMs: 5, storedLease: false } } })).toEqual(['control-plane-lost warning', 'peer-unreachable info', 'clear-text error', 'file-set-aside warning']);
  expect(codes({ peers: [peer] }, 10_000)).toEqual([]);
});

const day = 86_400_000;
const device = (id: string, more: Partial<DeviceView> = {}): DeviceView => ({ id, self: false, name: `${id} of Bob`, role: 'member', state: 'active', invitedBy: '', createdAtMs: 0, revokedAtMs: null, notAfterMs: null, keyFingerprint: '', ...more });

test('a certificate that ends within two weeks, and a renewal that fails', () => {
  expect(codes({ trust: { ...trust, notAfterMs: 100_000 + lives.warnMs + 1 } })).toEqual([]);
  expect(healthTopic({ ...well, trust: { ...trust, notAfterMs: 100_000 + 3.5 * day } }, 100_000).warnings).toEqual([{ code: 'certificate-expiring', severity: 'warning', detail: { days: 3 } }]);
  expect(codes({ trust: { ...trust, notAfterMs: 99_000 }, troubles: [{ chore: 'certificate', code: 'mesh.timeout', sinceMs: 5, tries: 2 }] })).toEqual(['certificate-expiring error', 'renewal-failing warning']);
  expect(codes({ troubles: [{ chore: 'audit', code: 'node.lost', sinceMs: 5, tries: 2 }] })).toEqual([]);
});

test('what waits for an admin is said to admins only', () => {
  const devices = [device('a', { state: 'pending' }), device('b', { notAfterMs: 100_000 + 5 * day }), device('c', { notAfterMs: 100_000 - lives.graceMs - 1 }), device('d', { self: true, notAfterMs: 100_000 + day }), device('e', { state: 'revoked', notAfterMs: 100_000 })];
  expect(codes({ trust: { ...trust, devices } })).toEqual([]);
  expect(healthTopic({ ...well, trust: { ...trust, devices, role: 'admin' } }, 100_000).warnings).toEqual([
    { code: 'device-pending', severity: 'info', detail: { count: 1, device: 'a', name: 'a of Bob' } },
    { code: 'device-expiring', severity: 'warning', detail: { count: 1, device: 'b', name: 'b of Bob', days: 5 } },
  ]);
});

test('the root: not exported once there is a second device; removed while a voter waits for it', () => {
  const two = [device('a', { self: true }), device('b')];
  expect(codes({ trust: { ...trust, root: 'here', devices: two.slice(0, 1) } })).toEqual([]);
  expect(codes({ trust: { ...trust, root: 'here', devices: two } })).toEqual(['root-not-exported info']);
  expect(codes({ trust: { ...trust, root: 'here', rootExported: true, devices: two } })).toEqual([]);
  const authorities = [{ nodeId: 'b', granted: false, notAfterMs: null }];
  expect(codes({ trust: { ...trust, root: 'removed', authorities } })).toEqual(['authority-pending warning']);
  expect(codes({ trust: { ...trust, root: 'here', rootExported: true, authorities } })).toEqual([]);
});

test('secrets in a file, an audit log that does not hold; in clear text neither', () => {
  expect(codes({ trust: { ...trust, secretsIn: 'private-file' }, auditIntact: false })).toEqual(['audit-broken error', 'secrets-in-file info']);
  expect(codes({ trust: { ...trust, mode: 'clear-text', secretsIn: 'private-file' }, profile })).toEqual(['clear-text error']);
});
