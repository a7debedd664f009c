import { expect, test } from 'vitest';
import { type FailureData, failure, toData } from '../../base/failure.ts';
import { lives } from '../../base/identity.ts';
import type { DeviceView, SessionTopic, TrustTopic } from '../../contract/state.ts';
import { HelloResponse, NodeState } from '../../gen/webmesh/helper/v1/helper.ts';
import type { FixName } from '../../contract/health.ts';
import { standingOf } from '../profiles.ts';
import type { Finding, HealthFacts } from './facts.ts';
import { findingsOf } from './findings.ts';
import { problems } from './problems.ts';

const lease = { ipv4: '10.0.0.1', ipv4Network: '10.0.0.0/16', ipv6: null, ipv6Network: null };
const tunnel = { interfaceName: 'wm', engine: 'kernel', publicKey: '', listenPort: 1, mtu: 1420, receiveBytes: 0, transmitBytes: 0, names: { keeper: '', problem: '' } };
const connected: SessionTopic = { want: 'connected', profile: 'p', epoch: 1, phase: 'connected', sinceMs: 0, lease, tunnel, degraded: null };
const trust: TrustTopic = { mode: 'mtls', role: 'member', fingerprint: null, notAfterMs: null, root: 'elsewhere', rootExported: false, secretsIn: 'keyring', devices: [], invites: [], authorities: [] };
const well: HealthFacts = {
  session: connected, profile: undefined, link: { state: 'up', hello: HelloResponse.fromPartial({ engine: 'kernel' }) }, version: '1.10.0', online: true, portal: null,
  node: NodeState.fromPartial({ running: true }), peers: [], setAside: [], trust, troubles: [], auditIntact: null,
  paths: { nat: null, forwards: [], offers: null }, missing: [], disks: [],
};
const profile = { colour: 'blue' as const, suffix: 'home.internal', names: true, autoConnect: false, session: standingOf(connected), id: 'p', name: 'home', kind: 'member' as const, nodeId: 'n', address: 'a:1', insecure: true, offers: { iceNegotiation: false, turnServer: false, meshDns: false, prometheus: false, relayMbit: 0, shares: [] } };
const found = (input: Partial<HealthFacts>, nowMs = 100_000) => findingsOf({ ...well, ...input }, nowMs);
const fixOf = ({ code, fix }: Finding): FixName | null => (fix === undefined ? problems[code].fix : fix);
const codes = (input: Partial<HealthFacts>, nowMs = 100_000) => found(input, nowMs).map((one) => `${one.code} ${one.severity ?? problems[one.code].severity} ${fixOf(one) ?? '-'}`);

const disconnected: SessionTopic = { want: 'disconnected', profile: null, epoch: 1, phase: 'disconnected' };
const reconnecting = (cause: FailureData): SessionTopic => ({ want: 'connected', profile: 'p', epoch: 2, phase: 'reconnecting', cause, attempt: 1, retryAtMs: 5 });
const blocked = (why: FailureData): SessionTopic => ({ want: 'connected', profile: 'p', epoch: 2, phase: 'blocked', failure: why });

test('all is well', () => expect(codes({})).toEqual([]));
test('clear text is always said', () => expect(codes({ profile })).toEqual(['clear-text error open-networks']));
test('a helper that is away can be started, one that refuses cannot', () => {
  expect(found({ link: { state: 'down', failure: toData(failure('helper.unreachable', { path: '/x' })) } })).toEqual([{ code: 'helper-missing', detail: { path: '/x', failure: 'helper.unreachable' } }]);
  expect(codes({ link: { state: 'down', failure: toData(failure('helper.not-trusted')) } })).toEqual(['helper-missing error -']);
});
test('a page to sign in at is told where it explains something, with the host that it is at', () => {
  const portal = 'http://wifi.example/in?x=1';
  const lost = reconnecting(toData(failure('mesh.unreachable')));
  expect(found({ portal, session: lost })[0]).toEqual({ code: 'sign-in-needed', detail: { link: portal, host: 'wifi.example' } });
  expect(codes({ portal, session: lost })).toEqual(['sign-in-needed warning sign-in', 'connection-lost warning try-again']);
  expect(codes({ portal, session: { ...connected, degraded: { kind: 'control-plane-lost', sinceMs: 0, storedLease: true } } })).toEqual(['sign-in-needed warning sign-in', 'control-plane-lost warning check-network']);
  expect([codes({ portal }), codes({ portal, session: disconnected })]).toEqual([[], []]);
});
test('no engine', () => expect(codes({ link: { state: 'up', hello: HelloResponse.fromPartial({ engineProblem: 'none found' }) } })).toEqual(['engine-missing error -']));
test('a service that is older than the app, not one that is as old, newer, or says no number', () => {
  const versions = ['1.9.9', '0.11.0', '1.10.0', '1.10.1', '2.0.0', '1.9.0-beta', 'fake', ''];
  const said = versions.map((version) => codes({ link: { state: 'up', hello: HelloResponse.fromPartial({ engine: 'kernel', version }) } }).join());
  expect(said).toEqual(['helper-old warning -', 'helper-old warning -', '', '', '', 'helper-old warning -', '', '']);
  expect(codes({ version: 'dev', link: { state: 'up', hello: HelloResponse.fromPartial({ engine: 'kernel', version: '0.0.1' }) } })).toEqual([]);
});
test('no network matters to whoever wants to be connected', () => {
  expect(codes({ online: false })).toEqual(['offline warning -']);
  expect(codes({ online: false, session: disconnected })).toEqual([]);
});
test('a connection that is lost, one that is refused, and one that an admin has to allow', () => {
  expect(found({ session: reconnecting(toData(failure('mesh.unreachable', { address: 'a:1' }))) })).toEqual([{ code: 'connection-lost', detail: { address: 'a:1', failure: 'mesh.unreachable' } }]);
  expect(codes({ session: blocked(toData(failure('tunnel.port-in-use', { port: 51820 }))) })).toEqual(['cannot-connect error other-port']);
  expect(codes({ session: blocked(toData(failure('auth.revoked'))) })).toEqual(['cannot-connect error new-invite']);
  expect(codes({ session: reconnecting(toData(failure('auth.pending'))) })).toEqual([]);
});
test('a node process that is down matters while connected', () => {
  expect(codes({ node: NodeState.fromPartial({ problem: 'it ended' }) })).toEqual(['node-down warning -']);
  expect(codes({ node: NodeState.fromPartial({ problem: 'it ended' }), session: disconnected })).toEqual([]);
});
test('a port of the node that another program holds', () => {
  const node = NodeState.fromPartial({ running: true, problemCode: 'node.port-in-use', problem: 'node.port-in-use: port 9443, host 10.0.0.1' });
  expect(found({ node })).toEqual([{ code: 'node-port-in-use', detail: { problem: '', port: 9443 } }]);
});
test('a network without UDP, and offers that do not answer, with why', () => {
  const nat = { mapping: 'blocked' as const, publicIpv4: null, publicIpv6: null, tunnelEndpoints: [], portMapping: null };
  expect(codes({ paths: { nat, forwards: [], offers: null } })).toEqual(['udp-blocked warning check-network']);
  const node = NodeState.fromPartial({ running: true, problemCode: 'node.port-in-use', problem: 'node.port-in-use: port 5353' });
  expect(found({ missing: ['meshDns'], node })).toEqual([{ code: 'service-down', key: 'meshDns', detail: { problem: '', port: 5353, service: 'meshDns' } }]);
  expect(codes({ missing: ['meshDns'], session: disconnected })).toEqual([]);
});
test('names that do not resolve here: the resolver was not told, or nobody answers it; off is no problem', () => {
  const problem = 'programs here do not ask systemd-resolved; next: do';
  const untold = { ...connected, tunnel: { ...tunnel, names: { keeper: '', problem } } };
  expect(found({ profile, session: untold }).filter(({ code }) => code === 'dns-not-set')).toEqual([{ code: 'dns-not-set', detail: { problem, suffix: 'home.internal' } }]);
  const node = NodeState.fromPartial({ running: true, problemCode: 'node.port-in-use', problem: 'node.port-in-use: port 5353' });
  expect(found({ profile, node }).find(({ code }) => code === 'dns-not-set')?.detail['problem']).toBe('another program has port 5353; next: end that program');
  expect([codes({ profile: { ...profile, insecure: false, names: false }, session: untold }), codes({ profile: { ...profile, insecure: false }, session: disconnected })]).toEqual([[], []]);
});
test('a control plane that is lost, and a mesh that does not replicate', () => {
  expect(found({ session: { ...connected, degraded: { kind: 'control-plane-lost', sinceMs: 5, storedLease: true } } })).toEqual([{ code: 'control-plane-lost', sinceMs: 5, detail: { sinceMs: 5, storedLease: true } }]);
  expect(codes({ session: { ...connected, degraded: { kind: 'polling', detail: 'node-does-not-replicate' } } })).toEqual(['not-replicating info -']);
});
test('one peer that is not reached is looked for again, of several a person sees which', () => {
  const peer = { id: 'x', self: false, publicKey: '', ipv4: null, ipv6: null, role: 'observer' as const, endpoint: null, path: { kind: 'silent', reason: 'no-handshake-lately' } as const, why: [], lastHandshakeMs: 1, receiveBytes: 0, transmitBytes: 0, latencyMs: null, favourite: false, createdAtMs: null, updatedAtMs: null };
  expect(codes({ peers: [peer] })).toEqual(['peer-unreachable info look-again']);
  expect(codes({ peers: [peer, peer] })).toEqual(['peer-unreachable info see-peers']);
  expect(codes({ peers: [peer], session: disconnected })).toEqual([]);
});
test('each file that was set aside', () => expect(found({ setAside: ['a', 'b'] }).map(({ key }) => key)).toEqual(['a', 'b']));
test('a disk of the system that is full, not an image that always is', () => {
  const disk = (path: string, left: number) => ({ path, device: 'd', total: 5e10, used: 5e10 - left });
  expect(found({ disks: [disk('/snap/x', 0), disk('/', 199_000_000)] })).toEqual([{ code: 'disk-full', detail: { path: '/' } }]);
  expect(codes({ disks: [disk('/', 201_000_000), { path: '/', device: 'small', total: 1e8, used: 1e8 }] })).toEqual([]);
});

const day = 86_400_000;
const device = (id: string, more: Partial<DeviceView> = {}): DeviceView => ({ id, self: false, name: `${id} of Bob`, role: 'member', state: 'active', invitedBy: '', createdAtMs: 0, revokedAtMs: null, notAfterMs: null, keyFingerprint: '', ...more });

test('a certificate that ends within two weeks, and a renewal that fails', () => {
  expect(codes({ trust: { ...trust, notAfterMs: 100_000 + lives.warnMs + 1 } })).toEqual([]);
  expect(found({ trust: { ...trust, notAfterMs: 100_000 + 3.5 * day } })).toEqual([{ code: 'certificate-expiring', severity: 'warning', detail: { days: 3 } }]);
  expect(codes({ trust: { ...trust, notAfterMs: 99_000 }, troubles: [{ chore: 'certificate', code: 'mesh.timeout', sinceMs: 5, tries: 2 }] })).toEqual(['certificate-expiring error renew-now', 'renewal-failing warning renew-now']);
  expect(codes({ session: disconnected, trust: { ...trust, notAfterMs: 99_000 } })).toEqual(['certificate-expiring error -']);
  expect(codes({ troubles: [{ chore: 'audit', code: 'node.lost', sinceMs: 5, tries: 2 }] })).toEqual([]);
});

test('what waits for an admin is said to admins only', () => {
  const devices = [device('a', { state: 'pending' }), device('b', { notAfterMs: 100_000 + 5 * day }), device('c', { notAfterMs: 100_000 - lives.graceMs - 1 }), device('d', { self: true, notAfterMs: 100_000 + day }), device('e', { state: 'revoked', notAfterMs: 100_000 })];
  expect(codes({ trust: { ...trust, devices } })).toEqual([]);
  expect(found({ trust: { ...trust, devices, role: 'admin' } })).toEqual([
    { code: 'device-pending', key: 'a', detail: { count: 1, device: 'a', name: 'a of Bob' } },
    { code: 'device-expiring', detail: { count: 1, device: 'b', name: 'b of Bob', days: 5 } },
  ]);
});

test('the root: not exported once there is a second device; removed while a voter waits for it', () => {
  const two = [device('a', { self: true }), device('b')];
  expect(codes({ trust: { ...trust, root: 'here', devices: two.slice(0, 1) } })).toEqual([]);
  expect(codes({ trust: { ...trust, root: 'here', devices: two } })).toEqual(['root-not-exported info save-root-key']);
  expect(codes({ trust: { ...trust, root: 'here', rootExported: true, devices: two } })).toEqual([]);
  const authorities = [{ nodeId: 'b', granted: false, notAfterMs: null }];
  expect(codes({ trust: { ...trust, root: 'removed', authorities } })).toEqual(['authority-pending warning open-people']);
  expect(codes({ trust: { ...trust, root: 'here', rootExported: true, authorities } })).toEqual([]);
});

test('secrets in a file, an audit log that does not hold; in clear text neither', () => {
  expect(codes({ trust: { ...trust, secretsIn: 'private-file' }, auditIntact: false })).toEqual(['audit-broken error open-audit', 'secrets-in-file info -']);
  expect(codes({ trust: { ...trust, mode: 'clear-text', secretsIn: 'private-file' }, profile })).toEqual(['clear-text error open-networks']);
});
