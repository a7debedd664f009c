import { expect, test } from 'vitest';
import { asFailure } from '../../base/failure.ts';
import { refuseConflicts } from './conflict.ts';

const wanted = { place: { uid: 0, tunnelId: 'home' }, device: 'wmhome', publicKey: '', addresses: ['172.16.0.2/32', 'fd00:1:2:3::/128'], routes: ['172.16.0.0/12', 'fd00:1:2::/48'], listenPort: 1, mtu: 1420, peers: [], names: null };

test.each<[string, string, string, boolean, string]>([
  ['our network is somebody else\'s already', '172.16.0.0/12', 'tun0', false, 'tunnel.conflict'],
  ['our network lies inside another one', '172.0.0.0/8', 'eth0', false, 'tunnel.conflict'],
  ['our address lies in a smaller network of the machine', '172.16.0.0/24', 'eth0', false, 'tunnel.conflict'],
  ['our address is on another interface', '172.16.0.2/32', 'eth0', true, 'tunnel.conflict'],
  ['the same for IPv6', 'fd00:1::/32', 'eth0', false, 'tunnel.conflict'],
  ['a container bridge inside our network keeps its traffic', '172.17.0.0/16', 'docker0', false, 'fine'],
  ['the machine\'s own address on that bridge', '172.17.0.1/32', 'docker0', true, 'fine'],
  ['half of everything through another VPN', '128.0.0.0/1', 'tun0', false, 'fine'],
  ['a network elsewhere', '10.0.0.0/8', 'eth0', false, 'fine'],
  ['our own device', '172.16.0.0/12', 'wmhome', false, 'fine'],
  ['a line that is no network', 'garbage', 'eth0', false, 'fine'],
])('%s: %s on %s', (_what, network, device, own, expected) => {
  let found = 'fine';
  try {
    refuseConflicts(wanted, [{ network, device, own }]);
  } catch (error) {
    expect(asFailure(error).detail).toEqual({ what: network, device });
    found = asFailure(error).code;
  }
  expect(found).toBe(expected);
});
