import { expect, test } from 'vitest';
import { Mapping, type NatReport } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { noNat, type Ours, prefixesOf, type Theirs } from './facts.ts';
import { planPaths, tierOfEndpoint } from './plan.ts';

const all = ['direct', 'punch', 'ice', 'channel', 'turn', 'stream'] as const;
const kinds = { open: Mapping.MAPPING_OPEN, easy: Mapping.MAPPING_EASY, hard: Mapping.MAPPING_HARD, blocked: Mapping.MAPPING_BLOCKED, unknown: Mapping.MAPPING_UNSPECIFIED } as const;
type Kind = keyof typeof kinds;

const nat = (kind: Kind, ip: string, more: Partial<NatReport> = {}): NatReport => ({ ...noNat, mapping: kinds[kind], publicIpv4: ip, tunnelEndpoints: kind === 'open' || kind === 'blocked' ? [] : [`${ip}:40000`], ...more });
const ours = (kind: Kind, more: Partial<Ours> = {}): Ours => ({
  online: true, moves: 0, nat: nat(kind, '203.0.113.1'), tiers: all, subnets: prefixesOf(kind === 'open' ? ['203.0.113.1/32'] : ['192.168.1.2/24']), meshNetworks: prefixesOf(['172.16.0.0/12']), relays: ['198.51.100.7'], endpoints: [], ...more,
});
const theirs = (kind: Kind, more: Partial<Theirs> = {}): Theirs => ({ nat: nat(kind, '203.0.113.9'), tiers: all, endpoints: [kind === 'open' ? '203.0.113.9:51820' : '192.168.7.2:51820'], ...more });

function brief(here: Kind, there: Kind): string {
  const plan = planPaths({ ours: ours(here), advertised: [], theirs: theirs(there), stranger: false });
  return `${plan.best} ports ${plan.ports}: ${plan.carriers.join(' ')}; ${plan.excluded.map(({ code }) => code).join(' ')}; ${plan.doubt}`;
}

test.each([
  ['open', 'open', 'direct ports yes: turn ice stream; ; no-answer'],
  ['open', 'hard', 'direct ports yes: turn stream ice; ; hard-nat-there'],
  ['easy', 'open', 'direct ports yes: turn ice stream; ; no-answer'],
  ['easy', 'easy', 'punch ports yes: turn ice stream; ; no-answer'],
  ['easy', 'hard', 'punch ports maybe: turn stream ice; ; hard-nat-there'],
  ['hard', 'easy', 'punch ports maybe: turn stream ice; ; hard-nat-here'],
  ['hard', 'hard', 'turn ports no: turn stream; both-nats-hard; hard-nat-here'],
  ['blocked', 'open', 'turn ports no: stream turn; udp-blocked-here; no-answer'],
  ['easy', 'blocked', 'turn ports no: stream turn; udp-blocked-there; no-answer'],
  ['unknown', 'easy', 'punch ports maybe: turn ice stream; ; no-answer'],
] as const)('%s here and %s there', (here, there, expected) => {
  expect(brief(here, there)).toBe(expected);
});

test('the same network comes first, then what the internet sees; our own, loopback, the mesh and other families never', () => {
  const plan = planPaths({
    ours: ours('easy'), stranger: false,
    advertised: ['172.16.0.9:51820', '192.168.1.2:51820', '192.168.1.77:51820', '[2001:db8::9]:51820', '10.5.5.5:51820'],
    theirs: theirs('easy', { nat: nat('easy', '203.0.113.1'), endpoints: ['192.168.1.77:51820'] }),
  });
  expect(plan.candidates.map(({ tier, endpoint, likely }) => `${tier} ${endpoint}${likely ? '' : ' (unlikely)'}`)).toEqual(['direct 192.168.1.77:51820', 'punch 203.0.113.1:40000', 'direct 10.5.5.5:51820 (unlikely)']);
});

test('a neighbour address of another home is not taken for a neighbour', () => {
  const plan = planPaths({ ours: ours('easy'), advertised: ['192.168.1.77:51820'], theirs: theirs('easy', { endpoints: ['192.168.1.77:51820'] }), stranger: false });
  expect(plan.candidates.map(({ endpoint, likely }) => [endpoint, likely])).toEqual([['192.168.1.77:51820', false], ['203.0.113.9:40000', true]]);
});

test('a stranger gets its advertised endpoints and a data channel', () => {
  const plan = planPaths({ ours: ours('easy'), advertised: ['203.0.113.9:51820'], theirs: null, stranger: true });
  expect([plan.candidates.map(({ endpoint }) => endpoint), plan.carriers, plan.excluded.map(({ code }) => code)]).toEqual([['203.0.113.9:51820'], ['channel'], ['peer-cannot']]);
});

test('IPv4 alone and IPv6 alone meet at a relay', () => {
  const six = theirs('open', { nat: { ...noNat, mapping: Mapping.MAPPING_OPEN, publicIpv6: '2001:db8::9' }, endpoints: ['[2001:db8::9]:51820'] });
  const plan = planPaths({ ours: ours('easy'), advertised: [], theirs: six, stranger: false });
  expect([plan.best, plan.carriers, plan.excluded.map(({ code }) => code)]).toEqual(['turn', ['turn', 'stream'], ['no-common-family']]);
});

test('what WireGuard roamed to has the right name', () => {
  const inputs = { ours: ours('easy'), advertised: ['203.0.113.9:51820'], theirs: theirs('easy'), stranger: false };
  expect(['192.168.1.77:51820', '203.0.113.9:40000', '203.0.113.9:51820', '198.51.100.7:5000'].map((endpoint) => tierOfEndpoint(endpoint, inputs))).toEqual(['direct', 'punch', 'direct', 'turn']);
});
