import type { AppState, ForwardView, NatView, NetcheckView, OffersView, PathPing, PathReasonView, PathTier, PeerPath, PeerView } from '../../src/contract/state.ts';

/** How made-up peers are reached, and why not better. All values are fixed. */
const why = (code: PathReasonView['code'], tier: PathTier | null = null, detail: PathReasonView['detail'] = {}): PathReasonView => ({ code, tier, detail });

export interface MadeUpPath {
  readonly path: PeerPath;
  readonly why: readonly PathReasonView[];
}

/** The first eleven have one path of each kind; after them most are direct. */
export function pathOf(index: number): MadeUpPath {
  const first = firstPaths[index];
  if (first !== undefined) return first;
  const spread = [[13, 9], [17, 8], [11, 6], [19, 7], [23, 10], [29, 5]] as const;
  const found = spread.find(([every, rest]) => index % every === rest);
  const copied = found === undefined ? undefined : firstPaths[found[1]];
  return copied ?? { path: { kind: 'direct', how: index % 3 === 0 ? 'punched' : 'public' }, why: [] };
}

const best = why('best');
const firstPaths: readonly MadeUpPath[] = [
  { path: { kind: 'direct', how: 'public' }, why: [best] },
  { path: { kind: 'direct', how: 'punched' }, why: [best] },
  { path: { kind: 'direct', how: 'mapped' }, why: [best] },
  { path: { kind: 'direct' }, why: [] },
  { path: { kind: 'direct', how: 'lan' }, why: [best] },
  { path: { kind: 'waiting', reason: 'no-path' }, why: [why('both-nats-hard', 'punch'), why('refused-there', 'ice', { code: 'udp-blocked-here' }), why('no-relay', 'turn'), why('waiting', null, { retryInMs: '240000' })] },
  { path: { kind: 'relay', how: 'turn', node: 'attic' }, why: [why('hard-nat-here', 'punch'), why('no-answer', 'direct', { endpoint: '203.0.113.7:51820' }), why('carrier-failed', 'ice', { problem: 'no pair answered in 8 s' }), why('waiting', null, { retryInMs: '90000' })] },
  { path: { kind: 'ice', how: 'raw' }, why: [why('no-answer', 'punch')] },
  { path: { kind: 'waiting', reason: 'looking' }, why: [why('no-endpoint', 'direct'), why('not-observed', 'punch')] },
  { path: { kind: 'silent', reason: 'no-handshake-lately' }, why: [why('went-silent', 'direct', { silentMs: '1260000' }), why('cannot-negotiate', 'punch', { node: 'attic' })] },
  { path: { kind: 'relay', how: 'stream', node: 'workshop' }, why: [why('udp-blocked-there', 'punch')] },
  { path: { kind: 'ice', how: 'channel' }, why: [why('peer-cannot', 'ice')] },
];

export const nat: NatView = { mapping: 'easy', publicIpv4: '198.51.100.24', publicIpv6: null, tunnelEndpoints: ['198.51.100.24:51820'], portMapping: 'nat-pmp' };

export const memberOffers: OffersView = { iceNegotiation: true, turnServer: false, meshDns: true, prometheus: true, relayMbit: 0, shares: [] };
export const hostOffers: OffersView = { iceNegotiation: true, turnServer: true, meshDns: true, prometheus: true, relayMbit: 50, shares: ['tcp 127.0.0.1:8080', 'udp [fd00:12::5]:53'] };

/** Features that answer when these offers are kept. */
export function featuresOf({ iceNegotiation, turnServer, meshDns, prometheus }: OffersView): string[] {
  return [iceNegotiation && 'ICE_NEGOTIATION', turnServer && 'TURN_SERVER', meshDns && 'MESH_DNS', prometheus && 'METRICS'].filter((name) => name !== false);
}

export const offerFeatures: ReadonlySet<string> = new Set(['ICE_NEGOTIATION', 'TURN_SERVER', 'MESH_DNS', 'METRICS']);

export function pathsOf(offers: OffersView, forwards: readonly ForwardView[] = forwardsOf()): AppState['paths'] {
  return { nat, forwards, offers };
}

export function forwardsOf(): ForwardView[] {
  return [
    forward({ id: 'fwd1', peer: 'nas', localPort: 8080, remotePort: 80, connections: 2, sentBytes: 48_120, receivedBytes: 18_204_112 }),
    forward({ id: 'fwd2', peer: 'kitchen-tablet', protocol: 'udp', localPort: 5353, remoteAddress: '192.168.7.1', remotePort: 53, problem: { code: 'mesh.refused', retry: 'after-user', detail: { problem: 'this node does not share udp 192.168.7.1:53' } } }),
  ];
}

export function forward(given: Partial<ForwardView> & Pick<ForwardView, 'id' | 'peer'>): ForwardView {
  return { protocol: 'tcp', localAddress: '127.0.0.1', localPort: 20_000, remoteAddress: '127.0.0.1', remotePort: 80, connections: 0, sentBytes: 0, receivedBytes: 0, problem: null, ...given };
}

/** What a check finds behind an ordinary router; `strict` and `blocked` are worse networks. */
export function netcheckOf(kind: 'easy' | 'strict' | 'blocked' = 'easy'): NetcheckView {
  const answers = (node: string, kind: NetcheckView['servers'][number]['kind'], address: string, latencyMs: number | null, problem: string | null = null) => ({ node, kind, address, latencyMs, problem });
  const blocked = kind === 'blocked';
  const silent = blocked ? { latencyMs: null, problem: 'no answer' } : null;
  return {
    nat: kind === 'easy' ? nat : { ...nat, mapping: blocked ? 'blocked' : 'hard', portMapping: null, tunnelEndpoints: blocked ? [] : ['198.51.100.24:37114'] },
    ipv4: true, ipv6: false, udp: !blocked, hairpin: kind === 'easy',
    servers: [
      { ...answers('attic', 'stun', '203.0.113.1:3478', 11.2), ...silent }, { ...answers('attic', 'turn-udp', '203.0.113.1:3478', 11.9), ...silent },
      answers('attic', 'turn-tcp', '203.0.113.1:3478', 24.1), answers('attic', 'grpc', '203.0.113.1:8443', 12.4), { ...answers('vps-helsinki', 'stun', '[2001:db8:c::7]:3478', 38.5), ...silent },
      answers('workshop', 'turn-udp', '203.0.113.2:3478', null, 'no answer'),
    ],
    portMapping: kind === 'easy' ? { pcp: 'no answer', 'nat-pmp': 'mapped 198.51.100.24:51820', upnp: 'not asked' } : { pcp: 'no answer', 'nat-pmp': 'no answer', upnp: 'refused: not authorised' },
    findings: kind === 'easy' ? [] : kind === 'strict' ? [why('hard-nat-here'), why('no-relay', 'turn', { node: 'workshop' })] : [why('udp-blocked-here')],
  };
}

/** Round trips of each path that a peer like this has. */
export function pingsOf({ path, why: reasons, endpoint, latencyMs }: PeerView, count: number): PathPing[] {
  const measure = (tier: PathTier, current: boolean, aboutMs: number | null, where: string, reason: PathReasonView | null = null): PathPing => ({
    tier, current, endpoint: where, lost: aboutMs === null ? count : 0, reason,
    latenciesMs: aboutMs === null ? [] : Array.from({ length: count }, (_, i) => Math.round((aboutMs + ([0, 0.7, 0.3][i % 3] ?? 0)) * 10) / 10),
  });
  const told = (tier: PathTier): PathReasonView | null => reasons.find((r) => r.tier === tier) ?? reasons[0] ?? null;
  const near = latencyMs ?? 20;
  const at = endpoint ?? '';
  switch (path.kind) {
    case 'direct': return [measure(path.how === 'punched' ? 'punch' : 'direct', true, near, at), measure('turn', false, near + 23, 'attic')];
    case 'ice': return [measure('direct', false, null, at, why('no-answer', 'direct')), measure('punch', false, null, at, told('punch')), measure(path.how === 'raw' ? 'ice' : 'channel', true, near, at), measure('turn', false, near + 21, 'attic')];
    case 'relay': return [measure('direct', false, null, at, told('direct')), measure('punch', false, null, at, told('punch')), measure('ice', false, null, '', told('ice')), measure(path.how, true, near, path.node)];
    default: return [measure('direct', false, null, at, told('direct')), measure('punch', false, null, at, told('punch')), measure('turn', false, null, '', why('no-relay', 'turn'))];
  }
}
