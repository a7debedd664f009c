import { expect, test } from 'vitest';
import { asFailure } from '../../base/failure.ts';
import { createClaims } from './claims.ts';
import { type WantedPeer, type WantedTunnel } from './spec.ts';

const wanted = (tunnelId: string, change: Partial<WantedTunnel> = {}): WantedTunnel => ({
  place: { uid: 1000, tunnelId }, device: `wm${tunnelId}`, publicKey: '', addresses: [], routes: [], listenPort: 0, mtu: 1420, peers: [], names: null, ...change,
});
const home = wanted('home', { addresses: ['10.9.0.1/24', 'fd09::1/128'], routes: ['10.9.0.0/16', 'fd09::/48'], listenPort: 51_820 });
const answer = (run: () => void): unknown => {
  try {
    run();
    return 'taken';
  } catch (error) {
    const { code, detail } = asFailure(error);
    return [code, detail['what'] ?? detail['port'] ?? detail['field'], detail['device']].filter((word) => word !== undefined).join(' ');
  }
};

test.each<[string, Partial<WantedTunnel>, string]>([
  ['the same network', { routes: ['10.9.0.0/16'] }, 'tunnel.conflict 10.9.0.0/16 wmhome'],
  ['a part of it', { routes: ['10.9.7.0/24'] }, 'tunnel.conflict 10.9.0.0/16 wmhome'],
  ['all around it', { routes: ['10.0.0.0/8'] }, 'tunnel.conflict 10.9.0.0/16 wmhome'],
  ['an address in it', { addresses: ['10.9.4.4/32'] }, 'tunnel.conflict 10.9.0.0/16 wmhome'],
  ['its own IPv6 address', { addresses: ['fd09::1/128'] }, 'tunnel.conflict fd09::/48 wmhome'],
  ['another network that holds its address', { routes: ['fd09::/64'] }, 'tunnel.conflict fd09::/48 wmhome'],
  ['its port', { listenPort: 51_820 }, 'tunnel.port-in-use 51820 wmhome'],
  ['its interface', { device: 'wmhome' }, 'tunnel.conflict wmhome wmhome'],
  ['the network beside it, any port', { addresses: ['10.10.0.1/32'], routes: ['10.10.0.0/16', 'fd0a::/48'] }, 'taken'],
])('%s', (_what, change, expected) => {
  const claims = createClaims();
  claims.take(home);
  expect(answer(() => claims.take(wanted('work', change)))).toBe(expected);
});

test('while a tunnel changes it holds both; afterwards what it has; what was refused holds nothing', () => {
  const claims = createClaims();
  const moved = wanted('home', { routes: ['10.8.0.0/16'] });
  const work = (route: string): unknown => answer(() => claims.take(wanted('work', { routes: [route] })));
  claims.take(home);
  claims.settle('home', home);
  claims.take(moved);
  expect([work('10.9.0.0/16'), work('10.8.0.0/16')]).toEqual(['tunnel.conflict 10.9.0.0/16 wmhome', 'tunnel.conflict 10.8.0.0/16 wmhome']);
  claims.settle('home', moved);
  expect([work('10.8.0.0/16'), work('10.9.0.0/16')]).toEqual(['tunnel.conflict 10.8.0.0/16 wmhome', 'taken']);
  claims.settle('work', null);
  claims.settle('home', null);
  expect(answer(() => claims.take(wanted('third', { device: 'wmhome', routes: ['10.0.0.0/8'] })))).toBe('taken');
});

test('all tunnels together have so many peers and allowed addresses, whatever each has', () => {
  const peers = (count: number, ips: number): readonly WantedPeer[] => Array.from({ length: count }, () => ({ publicKey: '', endpoint: '', allowedIps: Array<string>(ips).fill(''), keepaliveSeconds: 0, push: 0, restart: 0 }));
  const claims = createClaims();
  claims.take(wanted('a', { peers: peers(4_096, 16) }));
  claims.take(wanted('b', { peers: peers(4_096, 15) }));
  expect(answer(() => claims.take(wanted('c', { peers: peers(1, 0) })))).toBe('input.limit peers');
  claims.settle('b', wanted('b', { peers: peers(100, 64) }));
  expect([answer(() => claims.take(wanted('c', { peers: peers(1_000, 64) }))), answer(() => claims.take(wanted('c', { peers: peers(900, 64) })))]).toEqual(['input.limit peers.allowed_ips', 'taken']);
});
