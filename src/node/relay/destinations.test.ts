import { expect, test } from 'vitest';
import { parsePrefix } from '../../base/ip.ts';
import { type Destinations, mayRelayTo } from './destinations.ts';

const destinations: Destinations = {
  external: () => ({ ipv4: '203.0.113.7', ipv6: '2001:db8:1::7' }), wireguardPort: () => 51_820,
  ownAddresses: () => ['127.0.0.1/8', '203.0.113.8/24', '2a00:1::5/64', '198.51.100.9'],
  meshNetworks: () => ['172.16.0.0/12', 'fd12:3456:789a::/48', '44.0.0.0/16'].flatMap((text) => parsePrefix(text) ?? []),
};
const refused = (list: readonly string[]): readonly string[] => list.filter((address) => !mayRelayTo(address, 40_000, destinations));

test('lets through what the public can reach by itself', () => {
  const open = ['198.51.100.1', '203.0.113.9', '8.8.8.8', '2001:db8:2::1', '2a00:1::6', '44.1.0.1'];
  expect(refused(open)).toEqual([]);
});

test('refuses this machine, its networks, the mesh, and everything that is not one public host', () => {
  const closed = [
    '127.0.0.1', '127.9.9.9', '0.0.0.0', '0.1.2.3', '10.0.0.1', '172.20.0.1', '192.168.1.1', '100.64.0.1', '169.254.169.254', '192.0.0.8', '198.18.0.1', '224.0.0.1', '239.1.1.1', '255.255.255.255', '240.0.0.1',
    '203.0.113.7', '203.0.113.8', '198.51.100.9', '44.0.1.1',
    '::', '::1', 'fe80::1', 'ff02::1', 'fc00::1', 'fd12:3456:789a:1::1', 'fec0::1', '2001:db8:1::7', '2a00:1::5', '100::1',
    '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::a00:1', '2002:7f00:1::', '2001:0:1::1',
    '', 'localhost', '1.2.3', '2001:db8::g',
  ];
  expect(refused(closed)).toEqual(closed);
});

test('reaches the machine’s own tunnel at its own external address, and nothing else there', () => {
  expect([mayRelayTo('203.0.113.7', 51_820, destinations), mayRelayTo('2001:db8:1::7', 51_820, destinations)]).toEqual([true, true]);
  expect([mayRelayTo('203.0.113.7', 53, destinations), mayRelayTo('203.0.113.7', 0, destinations), mayRelayTo('203.0.113.8', 51_820, destinations), mayRelayTo('127.0.0.1', 51_820, destinations)]).toEqual([false, false, false, false]);
});
