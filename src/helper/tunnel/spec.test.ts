import { expect, test } from 'vitest';
import { asFailure } from '../../base/failure.ts';
import { type Random, between, chance, pick, seeded } from '../../base/random.ts';
import { PeerSpec, TunnelSpec } from '../../gen/webmesh/helper/v1/helper.ts';
import { parseTunnelSpec, withoutIpv6 } from './spec.ts';

const key = 'qRCwZSKInrMAq5sepfCdaCsRJaoLe5jhtzfiw7CjbVM=';
const name = (id: string): string => `wm${id}`;
const good = TunnelSpec.fromPartial({
  tunnelId: 'home', addresses: ['172.16.0.2/32', 'FD00:1:2:3:0:0:0:0/128'], routes: ['172.16.0.2/12', 'fd00:1:2::/48'], listenPort: 51820,
  peers: [{ publicKey: key, endpoint: '[2001:DB8::1]:51820', allowedIps: ['172.16.0.3/32', 'fd00:1:2:4::5/64'], keepaliveSeconds: 25, push: 0, restart: 0 }],
  dns: { servers: ['172.16.0.2:5353', '[FD00:1:2:3::]:5353'], domains: ['Home.internal', '16.172.in-addr.arpa'] },
});

function codeOf(change: Partial<TunnelSpec> | undefined): string {
  try {
    parseTunnelSpec(change && { ...good, ...change }, 1000, name);
    return 'accepted';
  } catch (error) {
    const { code, detail } = asFailure(error);
    return `${code} ${detail['field'] ?? ''}`;
  }
}
const withPeer = (change: Partial<PeerSpec>): Partial<TunnelSpec> => ({ peers: [{ ...(good.peers[0] as PeerSpec), ...change }] });

test('brings a good wish into canonical form', () => {
  expect(parseTunnelSpec(good, 1000, name)).toEqual({
    place: { uid: 1000, tunnelId: 'home' }, device: 'wmhome', publicKey: '', addresses: ['172.16.0.2/32', 'fd00:1:2:3::/128'], routes: ['172.16.0.0/12', 'fd00:1:2::/48'], listenPort: 51820, mtu: 1420,
    peers: [{ publicKey: key, endpoint: '[2001:db8::1]:51820', allowedIps: ['172.16.0.3/32', 'fd00:1:2:4::/64'], keepaliveSeconds: 25, push: 0, restart: 0 }],
    names: { servers: ['172.16.0.2:5353', '[fd00:1:2:3::]:5353'], domains: ['home.internal', '16.172.in-addr.arpa'] },
  });
});

test.each<[string, Partial<TunnelSpec> | undefined, string]>([
  ['nothing', undefined, 'input.invalid spec'],
  ['an id that is a path', { tunnelId: '../x' }, 'input.invalid tunnel_id'],
  ['an id that is too long', { tunnelId: 'a'.repeat(33) }, 'input.invalid tunnel_id'],
  ['an address without bits', { addresses: ['10.0.0.1'] }, 'input.invalid addresses'],
  ['an address with a command', { addresses: ['10.0.0.1/32; id'] }, 'input.invalid addresses'],
  ['a loopback address', { addresses: ['127.0.0.5/32'] }, 'input.invalid addresses'],
  ['a multicast address', { addresses: ['ff02::1/128'] }, 'input.invalid addresses'],
  ['nine addresses', { addresses: Array.from({ length: 9 }, (_, i) => `10.0.0.${i}/32`) }, 'input.limit addresses'],
  ['a default route', { routes: ['0.0.0.0/0'] }, 'input.invalid routes'],
  ['half of everything', { routes: ['128.0.0.0/1'] }, 'input.invalid routes'],
  ['a route over this host', { routes: ['127.0.0.0/8'] }, 'input.invalid routes'],
  ['a link-local route', { routes: ['fe80::/64'] }, 'input.invalid routes'],
  ['a public address', { addresses: ['8.8.8.8/32'] }, 'input.invalid addresses'],
  ['an address wider than what is private', { addresses: ['172.16.0.1/11'] }, 'input.invalid addresses'],
  ['a global IPv6 address', { addresses: ['2001:db8::1/128'] }, 'input.invalid addresses'],
  ['a route over somebody on the Internet', { routes: ['93.184.216.0/24'] }, 'input.invalid routes'],
  ['a route over multicast', { routes: ['ff00::/16'] }, 'input.invalid routes'],
  ['all of IPv6 in quarters', { routes: ['c000::/2'] }, 'input.invalid routes'],
  ['a peer that speaks for everybody', withPeer({ allowedIps: ['0.0.0.0/0'] }), 'input.invalid peers.allowed_ips'],
  ['a peer that speaks for all of IPv6', withPeer({ allowedIps: ['::/0'] }), 'input.invalid peers.allowed_ips'],
  ['a peer that speaks for this host', withPeer({ allowedIps: ['127.0.0.1/32'] }), 'input.invalid peers.allowed_ips'],
  ['a peer that speaks for more than the tunnel carries', withPeer({ allowedIps: ['172.0.0.0/8'] }), 'input.invalid peers.allowed_ips'],
  ['a peer outside of the routes', withPeer({ allowedIps: ['192.168.1.1/32'] }), 'input.invalid peers.allowed_ips'],
  ['a port that is root\'s', { listenPort: 443 }, 'input.invalid listen_port'],
  ['a key by another name', { publicKey: 'next' }, 'input.invalid public_key'],
  ['a port that is none', { listenPort: 65536 }, 'input.invalid listen_port'],
  ['an MTU below what IPv6 needs', { mtu: 1279 }, 'input.invalid mtu'],
  ['a short key', withPeer({ publicKey: key.slice(4) }), 'input.invalid peers.public_key'],
  ['an endpoint by name', withPeer({ endpoint: 'example.com:1' }), 'input.invalid peers.endpoint'],
  ['an endpoint without a port', withPeer({ endpoint: '1.2.3.4' }), 'input.invalid peers.endpoint'],
  ['an endpoint that is everybody', withPeer({ endpoint: '255.255.255.255:1' }), 'input.invalid peers.endpoint'],
  ['65 allowed IPs', withPeer({ allowedIps: Array.from({ length: 65 }, (_, i) => `10.0.0.${i}/32`) }), 'input.limit peers.allowed_ips'],
  ['a push that fits no field', withPeer({ push: 2 ** 32 }), 'input.invalid peers.push'],
  ['half a restart', withPeer({ restart: 0.5 }), 'input.invalid peers.restart'],
  ['one key twice', { peers: [good.peers[0] as PeerSpec, { ...(good.peers[0] as PeerSpec), allowedIps: [] }] }, 'input.invalid peers.public_key'],
  ['4097 peers', { peers: Array.from({ length: 4097 }, () => good.peers[0] as PeerSpec) }, 'input.limit peers'],
])('refuses %s', (_what, change, expected) => {
  expect(codeOf(change)).toBe(expected);
});

test('leaves IPv6 out where it is switched off', () => {
  const { addresses, routes } = withoutIpv6(parseTunnelSpec(good, 1000, name));
  expect({ addresses, routes }).toEqual({ addresses: ['172.16.0.2/32'], routes: ['172.16.0.0/12'] });
});

test('any garbage is a Failure of the input family, never another error; what passes holds only safe letters (20,000 seeds)', () => {
  let accepted = 0;
  for (let seed = 1; seed <= 20_000; seed++) {
    const spec = garbage(seeded(seed));
    try {
      const { peers, names, ...rest } = parseTunnelSpec(spec, 1000, name);
      accepted++;
      const texts = [rest.device, ...rest.addresses, ...rest.routes, ...peers.flatMap((peer) => [peer.publicKey, peer.endpoint, ...peer.allowedIps]), ...(names?.servers ?? []), ...(names?.domains ?? [])];
      expect({ seed, unsafe: texts.filter((text) => !/^[A-Za-z0-9+/=.:[\]-]*$/.test(text)) }).toEqual({ seed, unsafe: [] });
    } catch (error) {
      expect({ seed, family: asFailure(error).code.split('.')[0] }).toEqual({ seed, family: 'input' });
    }
  }
  expect(accepted).toBeGreaterThan(100);
});

function garbage(random: Random): TunnelSpec {
  const pieces = ['10.0.0.1/32', 'fd00::1/128', '172.16.0.0/12', '10.0.0.1', '::/0', '0.0.0.0/0', '', ' ', '\n', '$(id)', '10.0.0.1/33', 'fe80::1%eth0/64', '1.2.3.4:5', '[fd00::1]:5', '[::]:1', key, 'é', '10.0.0.1/-1', '../..', '\0'];
  const text = (): string => (chance(random, 0.9) ? pick(random, pieces) : pick(random, pieces) + pick(random, pieces));
  const list = (p: number): string[] => Array.from({ length: chance(random, p) ? between(random, 0, 3) : 0 }, text);
  const number = (): number => pick(random, [0, 1, 1280, 1420, 51820, 65535, 65536, -1, 1.5, Number.NaN, 2 ** 32]);
  const peers = Array.from({ length: chance(random, 0.5) ? between(random, 0, 3) : 0 }, () => PeerSpec.fromPartial({ publicKey: chance(random, 0.7) ? key : text(), endpoint: text(), allowedIps: list(0.5), keepaliveSeconds: chance(random, 0.7) ? 25 : number(), push: chance(random, 0.8) ? 1 : number(), restart: chance(random, 0.8) ? 2 : number() }));
  const domains = ['home.internal', '16.172.in-addr.arpa', 'com', '~.', 'a-b.lan'];
  const dns = chance(random, 0.3) ? { servers: [chance(random, 0.5) ? '10.0.0.1:5353' : text()], domains: [chance(random, 0.5) ? pick(random, domains) : text()] } : undefined;
  return TunnelSpec.fromPartial({ ...(dns && { dns }), tunnelId: chance(random, 0.8) ? 'home' : text(), addresses: list(0.5), routes: list(0.5), listenPort: chance(random, 0.7) ? 51820 : number(), mtu: chance(random, 0.7) ? 0 : number(), peers });
}
