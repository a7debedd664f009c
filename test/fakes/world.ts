import type { FailureData } from '../../src/base/failure.ts';
import { seeded } from '../../src/base/random.ts';
import { standingOf } from '../../src/core/profiles.ts';
import { problem } from './problem.ts';
import { featuresOf, hostOffers, memberOffers, pathOf, pathsOf } from './paths-world.ts';
import { clearTrust, deviceOf, fingerprintOf, freshTrust, noTrust, trustOf } from './trust-world.ts';
import type { AppState, PeerView, ProfileView, SessionPhase, Settings, Standing } from '../../src/contract/state.ts';

/** Whole states of a made-up core: what each screen looks like when the real one is in that state. All values are fixed by the seed. */
export type SceneName =
  | 'first-run' | 'disconnected' | 'authorising' | 'joining' | 'configuring' | 'connected' | 'host' | 'degraded' | 'polling' | 'clear-text'
  | 'reconnecting' | 'offline' | 'blocked' | 'disconnecting' | 'alone' | 'crowd'
  /** A guest's view; a device that an admin must accept first; one that was cut off; one whose invite was refused; names made to mislead. */
  | 'guest' | 'waiting' | 'revoked' | 'refused' | 'malicious'
  /** Three networks: two connected and one not; then the second of them lost. */
  | 'two-networks' | 'one-lost';

/** The topics of a scene at `nowMs`. `peers` counts everyone but this device. */
export function sceneOf(name: SceneName, nowMs: number, peers = name === 'crowd' ? 2000 : name === 'alone' ? 0 : 11): AppState {
  return withStanding(sceneFor(name, nowMs, peers));
}

/** The list of networks says of the selected one what the session says. */
export function withStanding(state: AppState): AppState {
  const { list, selected } = state.profiles;
  return { ...state, profiles: { selected, list: list.map((p) => (p.id === selected && p.id === state.session.profile ? { ...p, session: standingOf(state.session) } : p)) } };
}

function sceneFor(name: SceneName, nowMs: number, peers: number): AppState {
  const base = member(nowMs, peers);
  const at = (phase: SessionPhase, want: 'connected' | 'disconnected' = 'connected'): AppState => apart(base, phase, want);
  switch (name) {
    case 'first-run': return { ...at({ phase: 'disconnected' }, 'disconnected'), profiles: { list: [], selected: null }, session: { want: 'disconnected', profile: null, epoch: 0, phase: 'disconnected' }, trust: noTrust };
    case 'disconnected': return at({ phase: 'disconnected' }, 'disconnected');
    case 'authorising': case 'joining': case 'configuring': return at({ phase: name, sinceMs: nowMs - 1200 });
    case 'connected': return base;
    case 'two-networks': return severalNetworks(base, { want: 'connected', phase: 'connected', sinceMs: nowMs - 1_260_000, degraded: null, why: null, interfaceName: 'wmstudio2' });
    case 'one-lost': return lostOne(base, nowMs);
    case 'crowd': return { ...base, trust: { ...base.trust, devices: [...base.trust.devices, ...crowdOf(base, nowMs)] } };
    case 'host': return { ...hosting(base), trust: trustOf(nowMs, true) };
    case 'alone': return { ...hosting(base), trust: freshTrust(nowMs) };
    case 'guest': return { ...base, trust: { ...base.trust, role: 'guest', invites: [], devices: base.trust.devices.map((d) => (d.self ? { ...d, role: 'guest' } : d)) } };
    case 'waiting': return waiting(at({ phase: 'reconnecting', cause: lost('auth.pending', { network: 'Home', fingerprint: fingerprintOf('key of study') }), attempt: 2, retryAtMs: nowMs + 4200 }));
    case 'revoked': return at({ phase: 'blocked', failure: { code: 'auth.revoked', retry: 'after-user', detail: {} } });
    case 'refused': return { ...at({ phase: 'blocked', failure: { code: 'auth.invite-used', retry: 'after-user', detail: {} } }), trust: noTrust };
    case 'malicious': return misleading(base, nowMs);
    case 'degraded': return frozen(base, nowMs);
    case 'polling': return polled(base);
    case 'clear-text': return inTheClear(base);
    case 'reconnecting': return at({ phase: 'reconnecting', cause: lost('mesh.unreachable', { address: 'attic.example.net:8443' }), attempt: 3, retryAtMs: nowMs + 8400 });
    case 'offline': return at({ phase: 'reconnecting', cause: lost('network.offline', {}), attempt: 1, retryAtMs: null });
    case 'blocked': return at({ phase: 'blocked', failure: { code: 'tunnel.port-in-use', retry: 'after-user', detail: { port: 51820 } } });
    case 'disconnecting': return at({ phase: 'disconnecting' }, 'disconnected');
  }
}

export const settings: Settings = { theme: 'system', language: 'en', startAtLogin: false, stayConnected: false, closeExplained: false, notifications: true, notifyConnection: true, notifyDevices: true, notifyExpiry: true, notifyService: true, updates: 'off', logLevel: 'info' };

const home: ProfileView = { colour: 'blue', suffix: 'home.internal', names: true, autoConnect: true, session: standingOf(undefined), id: 'home1', name: 'Home', kind: 'member', nodeId: 'study', address: 'attic.example.net:8443', offers: memberOffers, insecure: false };
const studio: ProfileView = { colour: 'orange', suffix: 'studio.internal', names: true, autoConnect: false, session: standingOf(undefined), id: 'studio2', name: 'Studio', kind: 'host', nodeId: 'study', address: '192.168.1.20:8443', offers: hostOffers, insecure: false };

function member(nowMs: number, peers: number): AppState {
  const list = peerList(peers, nowMs);
  const servers = list.slice(1, 4).map((p) => ({ id: p.id, address: `${p.ipv4}:9443`, voter: p.role !== 'observer' }));
  return {
    session: { want: 'connected', profile: home.id, epoch: 4, ...connectedPhase(nowMs) },
    peers: { source: 'replica', list },
    profiles: { list: [home, studio], selected: home.id },
    settings,
    node: {
      running: true, problem: null, id: 'study', version: '0.1.0', helperVersion: '0.1.0', features: ['NODES', ...featuresOf(memberOffers)], role: 'observer', leader: list[1]?.id ?? 'study', startedAtMs: nowMs - 8_040_000,
      networkName: 'Home', networks: ['172.16.0.0/12', 'fd2a:8c1e:5b07::/48'],
      raft: { role: 'observer', term: 7, lastIndex: 4182, commitIndex: 4182, appliedIndex: 4182, leaderContactAgeMs: 42, servers: [...servers, { id: 'study', address: '172.16.0.9:9443', voter: false }] },
    },
    metrics: metricsAt(nowMs),
    health: { warnings: [] },
    trust: trustOf(nowMs, false),
    invitation: { offer: null },
    update: { current: '0.1.0', checkedAtMs: null, phase: 'idle' },
    paths: pathsOf(memberOffers, peers > 0 ? undefined : []),
  };
}

function connectedPhase(nowMs: number): Extract<SessionPhase, { phase: 'connected' }> {
  return {
    phase: 'connected', sinceMs: nowMs - 8_040_000, degraded: null,
    lease: { ipv4: '172.16.0.9', ipv4Network: '172.16.0.0/12', ipv6: 'fd2a:8c1e:5b07:9::', ipv6Network: 'fd2a:8c1e:5b07:9::/64' },
    tunnel: { interfaceName: 'wmhome1', engine: 'kernel', publicKey: keyOf(9), listenPort: 51820, mtu: 1420, receiveBytes: 1_482_113_024, transmitBytes: 391_202_816, names: { keeper: 'systemd-resolved', problem: '' } },
  };
}

function apart(base: AppState, phase: SessionPhase, want: 'connected' | 'disconnected'): AppState {
  const list = base.peers.list.map((p) => ({ ...p, endpoint: null, latencyMs: null, why: [], path: p.self ? p.path : ({ kind: 'down', reason: 'not-connected' } as const) }));
  const { id, version } = base.node;
  return {
    ...base,
    session: { want, profile: base.session.profile, epoch: 5, ...phase },
    peers: { source: 'stored', list },
    node: { ...base.node, id, version, running: false, role: 'unknown', leader: null, raft: null, features: [], startedAtMs: null },
    metrics: { ...base.metrics, tunnel: null },
    paths: { nat: null, forwards: [], offers: base.paths.offers },
  };
}

function hosting(base: AppState): AppState {
  const list = base.peers.list.map((p): PeerView => ({ ...p, role: p.self ? 'leader' : p.role === 'leader' ? 'voter' : p.role }));
  const voters = list.filter((p) => p.role !== 'observer').slice(0, 3);
  return {
    ...base,
    session: { ...base.session, profile: studio.id },
    peers: { source: 'replica', list },
    profiles: { ...base.profiles, selected: studio.id },
    node: {
      ...base.node, role: 'leader', leader: 'study', networkName: 'Studio', features: ['NODES', 'LEADER_PROXY', 'MESH_API', 'PEER_DISCOVERY', ...featuresOf(hostOffers)],
      raft: base.node.raft && { ...base.node.raft, role: 'leader', leaderContactAgeMs: 0, servers: voters.map((p) => ({ id: p.id, address: `${p.ipv4}:9443`, voter: true })) },
    },
    paths: { ...base.paths, offers: hostOffers },
  };
}

const club: ProfileView = { colour: 'violet', suffix: 'club.internal', names: true, autoConnect: false, session: standingOf(undefined), id: 'club3', name: 'Chess club', kind: 'member', nodeId: 'study', address: 'club.example.org:8443', offers: memberOffers, insecure: false };

function severalNetworks(base: AppState, second: Standing): AppState {
  return { ...base, profiles: { ...base.profiles, list: [home, { ...studio, session: second }, club] } };
}

function lostOne(base: AppState, nowMs: number): AppState {
  const cause = lost('mesh.unreachable', { address: '192.168.1.20:8443' });
  const state = severalNetworks(base, { want: 'connected', phase: 'reconnecting', sinceMs: null, degraded: null, why: cause, interfaceName: null });
  const about = { id: studio.id, name: studio.name, alone: false };
  return { ...state, health: { warnings: [problem('connection-lost', { ...cause.detail, failure: cause.code }, { id: `connection-lost@${studio.id}`, sinceMs: nowMs - 42_000, network: about })] } };
}

function frozen(base: AppState, nowMs: number): AppState {
  if (base.session.phase !== 'connected') return base;
  return {
    ...base,
    session: { ...base.session, degraded: { kind: 'control-plane-lost', sinceMs: nowMs - 312_000, storedLease: true } },
    peers: { ...base.peers, source: 'stored' },
    node: { ...base.node, leader: null, raft: base.node.raft && { ...base.node.raft, leaderContactAgeMs: 312_000 } },
    health: { warnings: [problem('control-plane-lost', {}, { sinceMs: nowMs - 312_000 })] },
  };
}

function polled(base: AppState): AppState {
  if (base.session.phase !== 'connected') return base;
  return {
    ...base,
    session: { ...base.session, degraded: { kind: 'polling', detail: 'node-does-not-replicate' } },
    peers: { ...base.peers, source: 'polling' },
    node: { ...base.node, leader: null, raft: null },
    health: { warnings: [problem('not-replicating')] },
  };
}

/** Its request was recorded, but no admin has accepted it yet: it sees nothing of the network. */
function waiting(base: AppState): AppState {
  return { ...base, peers: { source: 'none', list: [] }, trust: { ...base.trust, role: null, notAfterMs: null, devices: [], invites: [], authorities: [] } };
}

/** Thousands of devices beside the usual ones. */
function crowdOf(base: AppState, nowMs: number): AppState['trust']['devices'] {
  const known = new Set(base.trust.devices.map((d) => d.id));
  return base.peers.list.filter((p) => !known.has(p.id)).map(({ id }) => deviceOf(nowMs, { id, invitedBy: 'attic' }));
}

/** What somebody could put into the names that other people read. */
export const misleadingNames = {
  turned: 'Home\u202egnp.exe\u2066', markup: '<img src=x onerror="document.title=\'owned\'"><b>Admin</b>', long: 'W'.repeat(64), emoji: '👩‍🚀🏴‍☠️ Zoë עברית', empty: '\u200b\u2060', lines: 'one\ntwo\u0000three',
} as const;

/** Details of reasons may come from the other end. */
const misleadingReasons: PeerView['why'] = [
  { code: 'no-answer', tier: 'direct', detail: { endpoint: misleadingNames.markup } }, { code: 'relay-full', tier: 'turn', detail: { node: misleadingNames.long.repeat(40) } },
  { code: 'carrier-failed', tier: 'ice', detail: { problem: misleadingNames.lines } },
];

function misleading(base: AppState, nowMs: number): AppState {
  const names = Object.values(misleadingNames);
  const devices = names.map((name, i) => deviceOf(nowMs, { id: `odd-${i}`, name, invitedBy: i === 0 ? misleadingNames.markup : 'attic', state: i === 1 ? 'pending' : 'active' }));
  return {
    ...base,
    profiles: { ...base.profiles, list: base.profiles.list.map((p) => (p.id === home.id ? { ...p, name: misleadingNames.turned } : p)) },
    peers: { ...base.peers, list: base.peers.list.map((p) => (p.path.kind === 'relay' ? { ...p, path: { ...p.path, node: misleadingNames.turned }, why: misleadingReasons } : p)) },
    paths: { ...base.paths, forwards: base.paths.forwards.map((f) => ({ ...f, peer: misleadingNames.markup, remoteAddress: misleadingNames.long })) },
    trust: { ...base.trust, devices: [...base.trust.devices, ...devices], invites: base.trust.invites.map((invite, i) => ({ ...invite, note: names[i] ?? invite.note })) },
  };
}

function inTheClear(base: AppState): AppState {
  return {
    ...base,
    trust: clearTrust,
    profiles: { ...base.profiles, list: base.profiles.list.map((p) => (p.id === home.id ? { ...p, insecure: true } : p)) },
    health: { warnings: [problem('clear-text', { profile: 'Home' })] },
  };
}

function lost(code: FailureData['code'], detail: FailureData['detail']): FailureData {
  return { code, retry: 'later', detail };
}

const places = ['attic', 'workshop', 'garden-pi', 'ada-laptop', 'nas', 'kitchen-tablet', 'grace-desktop', 'build-runner', 'printer-room', 'barn-camera', 'vps-helsinki', 'music-box'];

/** Which of the places the person marked. */
const favourites: ReadonlySet<number> = new Set([3, 4]);

/** This device first, then `count` peers with a spread of roles and paths. */
export function peerList(count: number, nowMs: number): PeerView[] {
  const random = seeded(2026);
  const self: PeerView = {
    id: 'study', self: true, publicKey: keyOf(9), ipv4: '172.16.0.9', ipv6: 'fd2a:8c1e:5b07:9::', role: 'observer', endpoint: null, path: { kind: 'self' }, why: [],
    lastHandshakeMs: null, receiveBytes: 0, transmitBytes: 0, latencyMs: null, favourite: false, createdAtMs: nowMs - 86_400_000 * 40, updatedAtMs: nowMs - 8_040_000,
  };
  const others = Array.from({ length: count }, (_, i): PeerView => {
    const { path, why } = pathOf(i);
    const alive = isUp(path);
    return {
      id: i < places.length ? (places[i] as string) : `node-${String(i).padStart(4, '0')}`,
      self: false, publicKey: keyOf(100 + i),
      ipv4: `172.16.${Math.floor((i + 10) / 250)}.${((i + 10) % 250) + 1}`,
      ipv6: `fd2a:8c1e:5b07:${(i + 16).toString(16)}::`,
      role: i === 0 ? 'leader' : i < 3 ? 'voter' : 'observer',
      endpoint: path.kind === 'waiting' ? null : path.kind === 'relay' ? '203.0.113.1:3478' : i % 5 === 3 ? `[2001:db8:${(i + 1).toString(16)}::7]:51820` : `203.0.113.${(i % 250) + 1}:51820`,
      path, why,
      lastHandshakeMs: alive ? nowMs - Math.floor(random.next() * 118_000) : path.kind === 'silent' ? nowMs - 1_260_000 : null,
      receiveBytes: path.kind === 'waiting' ? 0 : Math.floor(random.next() ** 4 * 4e9),
      transmitBytes: path.kind === 'waiting' ? 0 : Math.floor(random.next() ** 4 * 1e9),
      latencyMs: alive ? Math.round((0.8 + (path.kind === 'relay' ? 22 : 0) + random.next() ** 3 * 80) * 10) / 10 : null, favourite: favourites.has(i),
      createdAtMs: nowMs - 86_400_000 * (3 + (i % 60)), updatedAtMs: nowMs - 60_000 * (5 + i),
    };
  });
  return [self, ...others];
}

/** Packets pass, one way or another. */
export function isUp({ kind }: PeerView['path']): boolean {
  return kind === 'direct' || kind === 'ice' || kind === 'relay';
}

/** A key that looks like one: 32 bytes drawn from the seed, base64. */
export function keyOf(seed: number): string {
  return Buffer.from(seeded(seed).bytes(32)).toString('base64');
}

/** Metrics that move smoothly with time. */
export function metricsAt(nowMs: number): AppState['metrics'] {
  const s = (nowMs / 1000) % 1_000_000;
  const cpu = 0.24 + 0.12 * Math.sin(s / 9) + 0.06 * Math.sin(s / 2.3) + 0.04 * Math.sin(s * 1.7);
  const total = 16_622_792_704;
  const used = Math.floor(total * (0.46 + 0.02 * Math.sin(s / 21)));
  return {
    atMs: nowMs,
    host: {
      hostname: 'study', os: 'Debian GNU/Linux 12', kernel: '6.1.0-37-amd64', architecture: 'x64', uptimeMs: 412_000_000 + (nowMs % 1_000_000), cpuUsed: Math.max(0.02, cpu), processors: 8,
      load: [1.42 + 0.5 * Math.sin(s / 30), 1.21, 0.98], memory: { total, used, available: total - used },
      disks: [
        { path: '/', device: '/dev/nvme0n1p2', total: 502_400_000_000, used: 214_800_000_000 },
        { path: '/home', device: '/dev/nvme0n1p3', total: 1_404_900_000_000, used: 1_291_000_000_000 },
      ],
    },
    tunnel: { receiveBytes: Math.floor(1.48e9 + 2.1e5 * s + 9e5 * Math.sin(s / 7)), transmitBytes: Math.floor(3.9e8 + 6.4e4 * s + 2e5 * Math.sin(s / 5)) },
  };
}
