import { expect, test } from 'vitest';
import { asFailure } from '../../base/failure.ts';
import { formatPrefix } from '../../base/ip.ts';
import { leaseFrom, leaseFromStored, meshNetworks } from './lease.ts';

const full = { ipv4: '172.16.0.2', ipv4Network: '172.16.0.0/12', ipv6: 'fd00:1:2:3::', ipv6Network: 'fd00:1:2:3::/64' };

test('an answer in the form of old meshes becomes bare addresses and networks', () => {
  expect(leaseFrom({ addressIpv4: '172.16.0.2/12', networkIpv6: 'fd00:1:2:3::/64' })).toEqual(full);
  expect(leaseFrom({ addressIpv4: '', networkIpv6: 'fd00:1:2:3::/64' })).toEqual({ ...full, ipv4: null, ipv4Network: null });
  expect(leaseFrom({ addressIpv4: '10.9.8.7/32', networkIpv6: '' })).toEqual({ ipv4: '10.9.8.7', ipv4Network: '10.9.8.7/32', ipv6: null, ipv6Network: null });
});

test.each([
  ['', ''], ['172.16.0.2', ''], ['172.16.0.2/33', ''], ['0.0.0.0/0', ''], ['8.8.8.8/4', ''], ['127.0.0.1/8', ''], ['fd00::/64', ''], ['172.16.0.2/12', 'fd00::/48'], ['172.16.0.2/12', '::/0'], ['x'.repeat(100_000), ''],
])('%s with %s is incompatible, never an assertion', (addressIpv4, networkIpv6) => {
  let caught: unknown;
  try {
    leaseFrom({ addressIpv4, networkIpv6 });
  } catch (error) {
    caught = error;
  }
  expect(asFailure(caught).code).toBe('mesh.incompatible');
});

test('a stored lease reads back as it was, and nonsense as none', () => {
  expect(leaseFromStored(JSON.parse(JSON.stringify(full)))).toEqual(full);
  for (const value of [null, 7, {}, { ipv4: 7 }, { ipv4: '172.16.0.2', ipv4Network: 'x' }, []]) expect(leaseFromStored(value)).toBeUndefined();
});

test('the networks of the mesh are its IPv4 network and the /48 of every /64', () => {
  expect(meshNetworks(full).map(formatPrefix)).toEqual(['172.16.0.0/12', 'fd00:1:2::/48']);
});
