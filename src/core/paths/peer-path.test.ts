import { expect, test } from 'vitest';
import { parsePrefix, type Prefix } from '../../base/ip.ts';
import type { PeerPath } from '../../contract/state.ts';
import { PathView } from '../../gen/webmesh/local/v1/local.ts';
import { latencyFrom, pathFrom, type PathFacts, type SeenPeer, shownEndpoint, whyFrom } from './peer-path.ts';
import { pathPhase } from './view.ts';

const nat = { mapping: 'easy' as const, publicIpv4: null, publicIpv6: null, tunnelEndpoints: [], portMapping: null };
const facts: PathFacts = { nat, subnets: [parsePrefix('192.168.1.0/24') as Prefix] };
const seen: SeenPeer = { endpoint: '203.0.113.7:51820', advertised: ['203.0.113.7:51820'], handshakeAgeMs: null };
const view = (more: Partial<PathView>): PathView => PathView.fromPartial({ phase: pathPhase.up, tier: 1, latencyMs: -1, via: 'attic', ...more });

test.each<[string, Partial<PathView> | undefined, Partial<SeenPeer>, Partial<PathFacts>, PeerPath | null]>([
  ['no word of the finder', undefined, {}, {}, null],
  ['nothing was tried', { phase: pathPhase.idle }, {}, {}, null],
  ['looking', { phase: pathPhase.probing }, {}, {}, { kind: 'waiting', reason: 'looking' }],
  ['looking beside a tunnel that works', { phase: pathPhase.probing }, { handshakeAgeMs: 9_999 }, {}, null],
  ['looking after a tunnel that worked', { phase: pathPhase.probing }, { handshakeAgeMs: 10_000 }, {}, { kind: 'waiting', reason: 'looking' }],
  ['nothing works', { phase: pathPhase.down }, {}, {}, { kind: 'waiting', reason: 'no-path' }],
  ['nothing works any more', { phase: pathPhase.down }, { handshakeAgeMs: 60_000 }, {}, { kind: 'silent', reason: 'no-handshake-lately' }],
  ['no network', { phase: pathPhase.offline }, { handshakeAgeMs: 60_000 }, {}, { kind: 'waiting', reason: 'no-path' }],
  ['public', {}, {}, {}, { kind: 'direct', how: 'public' }],
  ['near', {}, { endpoint: '192.168.1.9:51820' }, {}, { kind: 'direct', how: 'lan' }],
  ['a private address that is not ours', {}, { endpoint: '10.1.1.1:51820', advertised: ['10.1.1.1:51820'] }, {}, { kind: 'direct' }],
  ['it came to us', {}, { endpoint: '203.0.113.7:61000' }, {}, { kind: 'direct' }],
  ['it came through the port that our router opens', {}, { endpoint: '203.0.113.7:61000' }, { nat: { ...nat, portMapping: 'upnp' } }, { kind: 'direct', how: 'mapped' }],
  ['punched', { tier: 2 }, {}, {}, { kind: 'direct', how: 'punched' }],
  ['raw', { tier: 3 }, {}, {}, { kind: 'ice', how: 'raw' }],
  ['data channel', { tier: 4 }, {}, {}, { kind: 'ice', how: 'channel' }],
  ['relay', { tier: 5 }, {}, {}, { kind: 'relay', how: 'turn', node: 'attic' }],
  ['stream', { tier: 6 }, {}, {}, { kind: 'relay', how: 'stream', node: 'attic' }],
  ['a tier of a later version', { tier: 9 as never }, {}, {}, null],
])('%s', (_name, path, peer, more, expected) => {
  expect(pathFrom(path && view(path), { ...seen, ...peer }, { ...facts, ...more })).toEqual(expected);
});

test('latency counts while the path is up; a carrier\'s loopback port is shown as where the peer is', () => {
  expect([latencyFrom(view({ latencyMs: 3 })), latencyFrom(view({ latencyMs: -1 })), latencyFrom(view({ latencyMs: 3, phase: pathPhase.down })), latencyFrom(view({ latencyMs: Number.NaN })), latencyFrom(undefined)]).toEqual([3, null, null, null, null]);
  expect([shownEndpoint('127.0.0.1:4', view({ remote: '1.2.3.4:5' })), shownEndpoint('127.0.0.1:4', view({})), shownEndpoint('9.9.9.9:9', view({ remote: '1.2.3.4:5' }))]).toEqual(['1.2.3.4:5', '127.0.0.1:4', '9.9.9.9:9']);
});

test('reasons are bounded, and those of a later version are left out', () => {
  const reasons = Array.from({ length: 50 }, (_, at) => ({ code: at === 0 ? 'of-the-future' : 'no-answer', tier: 2 as const, detail: { endpoint: 'x'.repeat(9_000) } }));
  const why = whyFrom(view({ reasons }));
  expect([why.length, why[0]?.tier, why[0]?.detail['endpoint']?.length]).toEqual([15, 'punch', 200]);
});
