import { expect, test } from 'vitest';
import { asFailure } from '../../base/failure.ts';
import { namesWithoutIpv6, parseDnsSpec, reverseNetwork } from './spec.ts';
import { formatPrefix } from '../../base/ip.ts';

const tunnel = { addresses: ['172.16.0.1/32', 'fd00:1:2::1/128'], routes: ['172.16.0.0/12', 'fd00:1:2::/48'] };
const servers = ['172.16.0.1:5353'];
const domains = ['home.internal'];
const parsed = (spec: { servers?: readonly string[]; domains?: readonly string[] }) => {
  try {
    return parseDnsSpec({ servers, domains, ...spec }, tunnel);
  } catch (error) {
    const { code, detail } = asFailure(error);
    return `${code} ${String(detail['field'])}`;
  }
};

test('names are taken in one form, each once; no spec is no wish', () => {
  const names = parsed({ servers: ['172.16.0.1:5353', '[FD00:1:2:0::1]:53', '172.16.0.1:5353'], domains: ['Home.Internal', 'home.internal', '16.172.in-addr.arpa', '2.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa'] });
  expect(names).toEqual({ servers: ['172.16.0.1:5353', '[fd00:1:2::1]:53'], domains: ['home.internal', '16.172.in-addr.arpa', '2.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa'] });
  expect(parseDnsSpec(undefined, tunnel)).toBeNull();
});

test('a server outside of the tunnel, and a domain that is somebody else\'s, are refused by field', () => {
  const hostileServers = [
    '', '8.8.8.8:53', '127.0.0.53:53', '127.0.0.1:53', '172.15.255.255:53', '172.16.0.1', '172.16.0.1:0', '172.16.0.1:25', '172.16.0.1:65536', '[::1]:53', '[fe80::1]:53', 'nas.home.internal:53',
    '172.16.0.1:53 8.8.8.8', '172.16.0.1:53;reboot', `172.16.0.1:${'0'.repeat(80)}53`, '[::ffff:172.16.0.1]:53',
  ];
  const hostileDomains = [
    '', '.', '~.', '~home.internal', 'com', 'internal', 'arpa', 'in-addr.arpa', 'ip6.arpa', 'home.arpa', 'example.com', 'google.com', 'x.local', 'home.internal.', '-x.internal', `x'; reboot; '.internal`, '../../etc.internal',
    'a b.internal', `${'a'.repeat(300)}.internal`, '10.in-addr.arpa', '172.in-addr.arpa', '32.172.in-addr.arpa', '999.172.in-addr.arpa', '016.172.in-addr.arpa', '1.0.0.0.0.0.d.f.ip6.arpa', 'g.ip6.arpa', '8.8.8.8.in-addr.arpa',
  ];
  expect(hostileServers.map((server) => parsed({ servers: [server] }))).toEqual(hostileServers.map(() => 'input.invalid dns.servers'));
  expect(hostileDomains.map((domain) => parsed({ domains: [domain] }))).toEqual(hostileDomains.map(() => 'input.invalid dns.domains'));
  expect([parsed({ servers: [] }), parsed({ domains: [] })]).toEqual(['input.invalid dns.servers', 'input.invalid dns.domains']);
  expect([parsed({ servers: Array<string>(4).fill('172.16.0.1:53') }), parsed({ domains: Array<string>(9).fill('home.internal') })]).toEqual(['input.limit dns.servers', 'input.limit dns.domains']);
});

test('reverse zones are the networks that they tell of', () => {
  const networks = ['1.16.172.in-addr.arpa', '4.3.2.1.in-addr.arpa', '0.0.d.f.ip6.arpa', 'x.in-addr.arpa', '5.4.3.2.1.in-addr.arpa', 'home.internal'].map(reverseNetwork);
  expect(networks.map((network) => network && formatPrefix(network))).toEqual(['172.16.1.0/24', '1.2.3.4/32', 'fd00::/16', undefined, undefined, undefined]);
});

test('without IPv6, names whose servers are there alone are no wish', () => {
  expect(namesWithoutIpv6({ servers: ['1.1.1.1:53', '[fd00::1]:53'], domains })).toEqual({ servers: ['1.1.1.1:53'], domains });
  expect([namesWithoutIpv6({ servers: ['[fd00::1]:53'], domains }), namesWithoutIpv6(null)]).toEqual([null, null]);
});
