import { expect, test } from 'vitest';
import { advertise } from './endpoints.ts';

const at = (interfaceName: string, address: string, loopback = false) => ({ interfaceName, address, bits: address.includes(':') ? 64 : 24, loopback });
const lo = at('lo', '127.0.0.1', true);

test.each<[string, ReturnType<typeof at>[], string, { primary: string; others: string[] }]>([
  ['IPv4 before IPv6', [lo, at('eth0', '2001:db8::5'), at('eth0', '192.168.1.5')], 'x', { primary: '192.168.1.5', others: ['2001:db8::5'] }],
  ['no link-local addresses', [at('eth0', 'fe80::1'), at('eth0', '192.168.1.5')], 'x', { primary: '192.168.1.5', others: [] }],
  ['no bridges of containers while there is a real interface', [at('docker0', '172.17.0.1'), at('eth0', '192.168.1.5')], 'x', { primary: '192.168.1.5', others: [] }],
  ['a bridge when there is nothing else', [lo, at('docker0', '172.17.0.1')], 'x', { primary: '172.17.0.1', others: [] }],
  ['nothing inside the mesh', [at('eth0', '10.5.0.1'), at('eth1', '192.168.1.5')], 'x', { primary: '192.168.1.5', others: [] }],
  ['no loopback', [lo], '192.0.2.1', { primary: '', others: [] }],
  ['loopback for a mesh on loopback', [lo], '127.0.0.1', { primary: '127.0.0.1', others: [] }],
])('%s', (_name, own, meshHost, expected) => {
  expect(advertise(own, { ipv4: '10.5.0.1', ipv4Network: '10.5.0.0/16', ipv6: null, ipv6Network: null }, meshHost)).toEqual(expected);
});
