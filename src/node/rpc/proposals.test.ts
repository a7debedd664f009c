import { expect, test } from 'vitest';
import { RpcError, status } from '../../base/rpc.ts';
import { Mapping, Proposal, Tier } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { parseProposal, proposalLimits } from './proposals.ts';

const session = Buffer.alloc(16, 1);
const proposal = (change: object = {}): Proposal => ({ ...Proposal.decode(Buffer.alloc(0)), session, tier: Tier.TIER_PUNCH, ...change });
const ice = { ufrag: 'abcd', pwd: 'p'.repeat(22), candidates: ['candidate:1 1 udp 2130706431 192.168.1.5 40000 typ host', 'candidate:2 1 UDP 1694498815 203.0.113.7 40001 typ srflx raddr 192.168.1.5 rport 40000'] };
const nat = { mapping: Mapping.MAPPING_EASY, publicIpv4: '203.0.113.7', publicIpv6: '2001:DB8::7', tunnelEndpoints: ['203.0.113.7:51820'], portMapping: 'pcp' };

function refused(change: object): string {
  try {
    parseProposal(proposal(change));
    return 'taken';
  } catch (error) {
    return error instanceof RpcError && error.code === status.invalidArgument ? (error.message.split(' ')[0] ?? '') : String(error);
  }
}

test('takes what honest nodes say, in canonical text, over the wire and back', () => {
  const given = proposal({
    tiers: [Tier.TIER_DIRECT, Tier.TIER_STREAM, Tier.TIER_DIRECT], nat, endpoints: ['192.168.1.5:51820', '[2001:DB8:0::7]:51820'], ice, turnEndpoint: '203.0.113.9:49200', relayNode: 'host',
    description: '{"type":"offer","sdp":"v=0\\r\\n"}', candidates: ['{"candidate":"x"}'], refusal: 'no-relay',
  });
  expect(parseProposal(Proposal.decode(Buffer.from(Proposal.encode(given).finish())))).toEqual({
    ...given, tiers: [Tier.TIER_DIRECT, Tier.TIER_STREAM], nat: { ...nat, publicIpv6: '2001:db8::7' }, endpoints: ['192.168.1.5:51820', '[2001:db8::7]:51820'],
  });
  expect(parseProposal(proposal({ tier: Tier.TIER_UNSPECIFIED, session: Buffer.alloc(0) })).tier).toBe(Tier.TIER_UNSPECIFIED);
});

test('leaves out what only newer nodes know, and what would have this machine speak to itself', () => {
  const parsed = parseProposal(proposal({
    tiers: [99, -1, Tier.TIER_ICE], nat: { ...nat, mapping: 99, portMapping: 'telepathy' }, refusal: 'because',
    endpoints: ['127.0.0.1:53', '[::1]:53', '[::ffff:127.0.0.1]:53', '224.0.0.1:1', '[fe80::1]:1', '[ff02::1]:1', '0.1.2.3:1', '203.0.113.7:51820', '203.0.113.7:51820'],
    ice: { ...ice, candidates: ['candidate:1 1 udp 1 127.0.0.1 53 typ host', 'candidate:1 1 udp 1 ::1 53 typ host', ...ice.candidates] },
  }));
  expect([parsed.tiers, parsed.nat?.mapping, parsed.nat?.portMapping, parsed.refusal, parsed.endpoints, parsed.ice?.candidates]).toEqual([
    [Tier.TIER_ICE], Mapping.MAPPING_UNSPECIFIED, '', 'refused-there', ['203.0.113.7:51820'], ice.candidates,
  ]);
});

test('names the field that breaks the limits', () => {
  const many = (count: number, text: string): string[] => Array<string>(count).fill(text);
  const cases: readonly (readonly [object, string])[] = [
    [{ session: Buffer.alloc(15) }, 'session'], [{ session: Buffer.alloc(0) }, 'session'], [{ session: Buffer.alloc(17) }, 'session'],
    [{ tiers: Array<number>(proposalLimits.tiers + 1).fill(1) }, 'tiers'],
    [{ endpoints: many(proposalLimits.endpoints + 1, '203.0.113.7:1') }, 'endpoints'], [{ endpoints: ['host.example:1'] }, 'endpoints'], [{ endpoints: ['203.0.113.7'] }, 'endpoints'],
    [{ endpoints: ['203.0.113.7:0'] }, 'endpoints'], [{ endpoints: ['203.0.113.7:70000'] }, 'endpoints'], [{ endpoints: [`[${':'.repeat(90)}]:1`] }, 'endpoints'], [{ endpoints: ['0.0.0.0:1'] }, 'endpoints'],
    [{ nat: { ...nat, publicIpv4: '2001:db8::1' } }, 'nat.public_ipv4'], [{ nat: { ...nat, publicIpv6: 'x' } }, 'nat.public_ipv6'],
    [{ nat: { ...nat, tunnelEndpoints: many(17, '203.0.113.7:1') } }, 'nat.tunnel_endpoints'],
    [{ ice: { ...ice, ufrag: 'a b c' } }, 'ice.ufrag'], [{ ice: { ...ice, pwd: 'short' } }, 'ice.pwd'], [{ ice: { ...ice, candidates: many(33, ice.candidates[0] ?? '') } }, 'ice.candidates'],
    [{ ice: { ...ice, candidates: ['candidate:1 1 udp 1 secret.local 9 typ host'] } }, 'ice.candidates'], [{ ice: { ...ice, candidates: ['candidate:1 1 udp 1 1.2.3.4 70000 typ host'] } }, 'ice.candidates'],
    [{ ice: { ...ice, candidates: [`${ice.candidates[0]} ${'x'.repeat(300)}`] } }, 'ice.candidates'], [{ ice: { ...ice, candidates: [`${ice.candidates[0]}\r\na=evil`] } }, 'ice.candidates'],
    [{ turnEndpoint: 'x' }, 'turn_endpoint'], [{ relayNode: 'a b' }, 'node'], [{ description: 'x'.repeat(16_385) }, 'description'], [{ description: 'a\u0000' }, 'description'],
    [{ candidates: many(33, 'x') }, 'candidates'], [{ candidates: ['x'.repeat(1_025)] }, 'candidates'],
  ];
  expect(cases.map(([change]) => refused(change))).toEqual(cases.map(([, field]) => field));
  expect(() => parseProposal(undefined)).toThrow('proposal is missing');
});
