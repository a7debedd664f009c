import { expect, test } from 'vitest';
import { Mapping } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { endpointsOf, noNat, prefixesOf, theirsOf } from './facts.ts';
import { natReport, type NatSources } from './nat.ts';

const sources: NatSources = { subnets: prefixesOf(['192.168.1.2/24']), meshNetworks: prefixesOf(['172.16.0.0/24']), stun4: null, stun6: null, observed: [], mapped: null };
const saw = (...mapped: (string | null)[]) => mapped.map((one, i) => ({ server: `stun:198.51.100.1:${3478 + i}`, mapped: one, roundTripMs: one === null ? null : 5, localPort: 1 }));

test.each([
  ['one port for all is easy', saw('203.0.113.1:4000', '203.0.113.1:4000'), 'MAPPING_EASY'],
  ['another port for each is hard', saw('203.0.113.1:4000', '203.0.113.1:4001'), 'MAPPING_HARD'],
  ['our own address is open', saw('192.168.1.2:4000', '192.168.1.2:4000'), 'MAPPING_OPEN'],
  ['no answer at all is blocked', saw(null, null), 'MAPPING_BLOCKED'],
  ['one answer is too little', saw('203.0.113.1:4000', null), 'MAPPING_UNSPECIFIED'],
  ['a server in our own network says nothing of the outside', saw('192.168.1.2:4000', '203.0.113.1:4000', '203.0.113.1:4001'), 'MAPPING_HARD'],
  ['nobody was asked', null, 'MAPPING_UNSPECIFIED'],
] as const)('%s', (_, stun4, expected) => {
  expect(natReport({ ...sources, stun4 }).mapping).toBe(Mapping[expected]);
});

test('a tunnel that is heard outside is not blocked, whatever STUN says; what a host only sends to is not heard', () => {
  expect(natReport({ ...sources, stun4: saw(null, null), observed: ['203.0.113.1:4000'] }).mapping).toBe(Mapping.MAPPING_UNSPECIFIED);
  expect(natReport({ ...sources, stun4: saw(null, null), observed: ['192.168.1.2:51820'] }).mapping).toBe(Mapping.MAPPING_BLOCKED);
});

test('endpoints: seen and mapped ones, not our own, and a mapping behind a second NAT is none', () => {
  const report = natReport({ ...sources, observed: ['203.0.113.1:4000', '192.168.1.2:51820', '172.16.0.5:1'], mapped: { by: 'pcp', endpoint: '203.0.113.1:51820' } });
  expect([report.tunnelEndpoints, report.portMapping]).toEqual([['203.0.113.1:4000', '203.0.113.1:51820'], 'pcp']);
  expect(natReport({ ...sources, mapped: { by: 'upnp', endpoint: '10.0.0.2:51820' } }).portMapping).toBe('');
});

test('what a peer says is cut to what can be used', () => {
  const hostile = ['127.0.0.1:1', '[::1]:1', '224.0.0.1:1', '0.0.0.0:1', 'name:1', 'x'.repeat(200), '203.0.113.5:0', '203.0.113.5:99999', '[fe80::1]:2', ...Array.from({ length: 200 }, (_, i) => `203.0.113.${i}:1`)];
  expect(endpointsOf(hostile)).toHaveLength(16);
  expect(endpointsOf(hostile).every((one) => one.startsWith('203.0.113.'))).toBe(true);
  const theirs = theirsOf({ session: Buffer.alloc(16), tier: 2, tiers: [1, -1, 5], nat: { ...noNat, publicIpv4: 'no', publicIpv6: '203.0.113.1' }, endpoints: hostile, ice: undefined, turnEndpoint: '', relayNode: '', description: '', candidates: [], refusal: '' });
  expect([theirs.tiers, theirs.nat.publicIpv4, theirs.nat.publicIpv6, theirs.endpoints.length]).toEqual([['direct', 'turn'], '', '', 16]);
});
