import { expect, test } from 'vitest';
import type { RosterNode } from '../mesh/roster.ts';
import { parseTunnelSpec } from '../../helper/tunnel/spec.ts';
import { advertisedEndpoints, tunnelSpec, type SpecInput } from './spec.ts';

const lease = { ipv4: '10.5.0.1', ipv4Network: '10.5.0.0/16', ipv6: 'fd00:1:2:3::', ipv6Network: 'fd00:1:2:3::/64' };
const own = [{ interfaceName: 'eth0', address: '192.168.1.10', bits: 24, loopback: false }, { interfaceName: 'lo', address: '127.0.0.1', bits: 8, loopback: true }];

function node(id: string, more: Partial<RosterNode> = {}): RosterNode {
  return { id, publicKey: `key-${id}`, ipv4: '10.5.0.2', ipv6: 'fd00:1:2:4::', ipv6Network: 'fd00:1:2:4::/64', endpoints: ['203.0.113.7:51820'], primary: '203.0.113.7', grpcPort: 8443, role: 'observer', createdAtMs: 1, updatedAtMs: 1, ...more };
}

function spec(nodes: readonly RosterNode[], more: Partial<SpecInput> = {}) {
  return tunnelSpec({ tunnelId: 't', nodeId: 'self', publicKey: 'key-self', listenPort: 51820, lease, nodes, own, overrides: new Map(), names: null, ...more });
}

const peersOf = (nodes: readonly RosterNode[], more?: Partial<SpecInput>) => spec(nodes, more).peers.map(({ publicKey, endpoint, allowedIps }) => `${publicKey} ${endpoint || '-'} ${allowedIps.join(' ')}`);

test('a whole tunnel', () => {
  expect(spec([node('self', { publicKey: 'key-self' }), node('b')])).toEqual({
    tunnelId: 't', addresses: ['10.5.0.1/32', 'fd00:1:2:3::/128'], routes: ['10.5.0.0/16', 'fd00:1:2::/48'], listenPort: 51820, mtu: 1420, publicKey: 'key-self',
    peers: [{ publicKey: 'key-b', endpoint: '203.0.113.7:51820', allowedIps: ['10.5.0.2/32', 'fd00:1:2:4::/64'], keepaliveSeconds: 25, push: 0, restart: 0 }],
    dns: undefined,
  });
});

test('ourselves by id or by key, and a key that two rows claim, appear once at most', () => {
  expect(peersOf([node('self'), node('imposter', { publicKey: 'key-self' }), node('b', { createdAtMs: 5 }), node('c', { publicKey: 'key-b', ipv4: '10.5.0.9', createdAtMs: 9 })])).toEqual(['key-b 203.0.113.7:51820 10.5.0.2/32 fd00:1:2:4::/64']);
});

test('the older node keeps an address that two claim; who has none left is no peer; rows in any order give the same', () => {
  const rows = [node('new', { createdAtMs: 9 }), node('old', { createdAtMs: 1 }), node('half', { createdAtMs: 10, ipv4: '10.5.0.7' }), node('ageless', { createdAtMs: null, ipv4: '10.5.0.7', ipv6: null, ipv6Network: null })];
  const expected = ['key-old 203.0.113.7:51820 10.5.0.2/32 fd00:1:2:4::/64', 'key-half 203.0.113.7:51820 10.5.0.7/32'];
  expect(peersOf(rows)).toEqual(expected);
  expect(peersOf([...rows].reverse())).toEqual(expected);
});

test('nobody gets our addresses or anything outside of the mesh', () => {
  expect(peersOf([node('thief', { ipv4: '10.5.0.1', ipv6: 'fd00:1:2:3::', ipv6Network: 'fd00:1:2:3::/64' }), node('far', { ipv4: '8.8.8.8', ipv6: null, ipv6Network: 'fd99::/64' })])).toEqual([]);
});

test.each<[string, readonly string[], string]>([
  ['none: the peer must come to us', [], '-'],
  ['the primary one first', ['203.0.113.7:1', '198.51.100.1:1'], '203.0.113.7:1'],
  ['one in our own network before the primary one', ['203.0.113.7:1', '192.168.1.77:1'], '192.168.1.77:1'],
  ['a family that we have before one that we lack', ['[2001:db8::1]:1', '203.0.113.7:1'], '203.0.113.7:1'],
  ['one that we lack when there is no other', ['[2001:db8::1]:1'], '[2001:db8::1]:1'],
  ['never inside the mesh', ['10.5.0.2:1', '[fd00:1:2:4::]:1'], '-'],
  ['never our own socket', ['192.168.1.10:51820'], '-'],
  ['another port of this machine', ['192.168.1.10:51821'], '192.168.1.10:51821'],
  ['loopback last', ['127.0.0.1:1', '203.0.113.7:1'], '203.0.113.7:1'],
])('endpoint: %s', (_name, endpoints, expected) => {
  expect(spec([node('b', { endpoints })]).peers[0]?.endpoint || '-').toBe(expected);
});

test.each<[string, string, string]>([
  ['a carrier on loopback', '127.0.0.1:40001', '127.0.0.1:40001'],
  ['where a router shows the peer', '198.51.100.9:61000', '198.51.100.9:61000'],
  ['IPv6', '[2001:db8::9]:61000', '[2001:db8::9]:61000'],
  ['IPv6 in a long form, with a zone', '[2001:0db8:0:0:0:0:0:9%a-zone-with-a-long-name]:61000', '[2001:db8::9]:61000'],
  ['nothing said', '', '203.0.113.7:51820'],
  ['no address', 'attic:51820', '203.0.113.7:51820'],
  ['our own tunnel, which would eat its own packets', '127.0.0.1:51820', '203.0.113.7:51820'],
  ['our own tunnel by its other address', '192.168.1.10:51820', '203.0.113.7:51820'],
  ['inside of the mesh', '10.5.0.2:51820', '203.0.113.7:51820'],
  ['multicast', '224.0.0.1:51820', '203.0.113.7:51820'],
])('the path finder may choose: %s', (_name, endpoint, expected) => {
  const [peer] = spec([node('b')], { overrides: new Map([['key-b', { endpoint, push: 3, restart: 4 }], ['key-c', { endpoint: '127.0.0.1:9', push: 0, restart: 0 }]]) }).peers;
  expect(peer).toMatchObject({ endpoint: expected, push: 3, restart: 4, keepaliveSeconds: 25 });
});

test('what the path finder gets to try is what the tunnel would try, best first', () => {
  const endpoints = ['203.0.113.7:1', '[2001:db8::1]:1', '10.5.0.2:1', '192.168.1.10:51820', '192.168.1.77:1', '127.0.0.1:1'];
  expect(advertisedEndpoints({ endpoints }, { lease, own, listenPort: 51820 })).toEqual(['192.168.1.77:1', '203.0.113.7:1', '[2001:db8::1]:1', '127.0.0.1:1']);
});

test('a mesh without IPv4 or without IPv6', () => {
  expect(spec([node('b')], { lease: { ...lease, ipv4: null, ipv4Network: null } })).toMatchObject({ addresses: ['fd00:1:2:3::/128'], routes: ['fd00:1:2::/48'], peers: [{ allowedIps: ['fd00:1:2:4::/64'] }] });
  expect(spec([node('b')], { lease: { ...lease, ipv6: null, ipv6Network: null } })).toMatchObject({ addresses: ['10.5.0.1/32'], routes: ['10.5.0.0/16'], peers: [{ allowedIps: ['10.5.0.2/32'] }] });
});

test('two thousand peers take a blink', () => {
  const nodes = Array.from({ length: 2000 }, (_, i) => node(`n${i}`, { ipv4: `10.5.${1 + (i >> 8)}.${i & 255}`, ipv6Network: `fd00:1:2:${(i + 100).toString(16)}::/64` }));
  expect(spec(nodes).peers).toHaveLength(2000);
});

test('names: the suffix first, then the zones of the mesh; our own node answers; the helper takes them', () => {
  const names = { suffix: 'home.internal', port: 5353 };
  const dns = (more: Partial<SpecInput>) => spec([], { names, ...more }).dns;
  expect(dns({})).toEqual({ servers: ['10.5.0.1:5353', '[fd00:1:2:3::]:5353'], domains: ['home.internal', 'webmesh.internal', '5.10.in-addr.arpa', '2.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa'] });
  const wide = { ...lease, ipv4: '172.16.0.7', ipv4Network: '172.16.0.0/12', ipv6: null, ipv6Network: null };
  const zones = ['172.16.0.0/12', '172.16.0.0/20', '172.16.0.0/24', '172.16.0.0/25', '10.0.0.0/8'].map((ipv4Network) => dns({ lease: { ...wide, ipv4: ipv4Network.startsWith('10') ? '10.7.0.1' : wide.ipv4, ipv4Network } })?.domains.slice(2));
  expect(zones).toEqual([['16.172.in-addr.arpa'], ['0.16.172.in-addr.arpa'], ['0.16.172.in-addr.arpa'], [], ['7.10.in-addr.arpa']]);
  expect([dns({ names: { ...names, suffix: 'google.com' } }), dns({ names: null }), dns({ names: { suffix: 'webmesh.internal', port: 53 } })?.domains[0]]).toEqual([undefined, undefined, 'webmesh.internal']);
  expect(parseTunnelSpec({ ...spec([], { names }), publicKey: '' }, 1000, () => 'wmt').names?.domains.length).toBe(4);
});
