import { expect, test } from 'vitest';
import { parsePrefix, type Prefix } from '../../base/ip.ts';
import { between, pick, seeded } from '../../base/random.ts';
import { mayTakePart, matches } from './acl.ts';
import { firstFreeIpv4, randomSubnet, randomUla } from './addresses.ts';
import { placeEndpoints } from './endpoints.ts';

const prefix = (text: string): Prefix => parsePrefix(text) as Prefix;

test.each([
  ['172.16.0.0/12', [], '172.16.0.1/12'],
  ['172.16.0.0/12', ['172.16.0.1/12', '172.16.0.3/12'], '172.16.0.2/12'],
  ['172.16.0.0/12', ['172.16.0.2/12', '172.16.0.1/12'], '172.16.0.3/12'],
  ['10.0.0.5/24', ['10.0.0.1/32', '10.0.0.1/24'], '10.0.0.2/24'],
  ['10.0.0.0/30', ['10.0.0.1/30'], '10.0.0.2/30'],
  ['10.0.0.0/30', ['10.0.0.1/30', '10.0.0.2/30'], undefined],
  ['10.0.0.0/31', ['10.0.0.0/31'], '10.0.0.1/31'],
  ['10.0.0.0/32', ['10.0.0.0/32'], undefined],
  ['255.255.255.252/30', ['255.255.255.253/30'], '255.255.255.254/30'],
  ['10.0.0.0/24', ['garbage', '192.168.0.1/24', 'fd00::/64', '10.0.0.0/24', '10.0.0.255/24'], '10.0.0.1/24'],
])('the first free address of %s without %j is %s', (network, leases, expected) => {
  expect(firstFreeIpv4(prefix(network), leases)).toBe(expected);
});

test('whoever leases and frees in any order never meets a taken, network or broadcast address', () => {
  const random = seeded(11);
  const network = prefix('10.9.8.128/26');
  let held: string[] = [];
  for (let i = 0; i < 2_000; i++) {
    if (random.next() < 0.6) {
      const lease = firstFreeIpv4(network, held);
      if (lease === undefined) {
        expect(held).toHaveLength(62);
        held = held.filter(() => random.next() < 0.5);
        continue;
      }
      expect(held).not.toContain(lease);
      expect(['10.9.8.128/26', '10.9.8.191/26']).not.toContain(lease);
      held.push(lease);
    } else if (held.length > 0) held.splice(between(random, 0, held.length - 1), 1);
  }
});

test('a ULA is fd and forty random bits; subnets stay under it and avoid what is taken', () => {
  const random = seeded(3);
  const ula = randomUla(random);
  expect(ula).toMatch(/^fd[0-9a-f]{2}:[0-9a-f:]+::\/48$/);
  expect(new Set(Array.from({ length: 200 }, () => randomUla(random))).size).toBe(200);
  const taken = new Set<string>();
  for (let i = 0; i < 65_536; i += 1) {
    if (i % 1_000 === 0) expect(taken.size).toBe(i);
    const subnet = i < 3_000 ? randomSubnet(prefix(ula), taken, random) : undefined;
    if (subnet === undefined) break;
    taken.add(subnet);
  }
  expect(taken.size).toBe(3_000);
  expect([...taken].every((text) => text.startsWith(ula.slice(0, 12)) && text.endsWith('/64'))).toBe(true);
  const all = new Set(Array.from({ length: 65_536 }, (_, i) => `fd00:0:0:${i.toString(16)}::/64`.replace('fd00:0:0:', i === 0 ? 'fd00:' : 'fd00:0:0:').replace('fd00:0::/64', 'fd00::/64')));
  all.delete('fd00:0:0:5::/64');
  expect(randomSubnet(prefix('fd00::/48'), all, random)).toBe('fd00:0:0:5::/64');
});

test('endpoints that others have are kept without touching the unique columns', () => {
  const none = { primary: new Set<string>(), lists: new Set<string>() };
  expect(placeEndpoints('', [], none)).toEqual({ primary: null, list: null, shared: false });
  expect(placeEndpoints('1.1.1.1', ['10.0.0.1', '10.0.0.1'], none)).toEqual({ primary: '1.1.1.1', list: '10.0.0.1', shared: false });
  const taken = { primary: new Set(['1.1.1.1']), lists: new Set(['1.1.1.1,10.0.0.1', '1.1.1.1,10.0.0.1,10.0.0.1']) };
  expect(placeEndpoints('1.1.1.1', ['10.0.0.1'], taken)).toEqual({ primary: null, list: '1.1.1.1,10.0.0.1,10.0.0.1,10.0.0.1', shared: true });
});

test.each([
  ['node-1', 'node-1', true], ['node-1', 'xnode-10', false], ['node-*', 'node-', true], ['*', '', true], ['', '', true], ['', 'a', false],
  ['a*b*c', 'aXbYc', true], ['a*b*c', 'abc', true], ['a*b*c', 'acb', false], ['ab*ba', 'aba', false], ['a.c', 'abc', false], ['*a*a*', 'a', false], ['**', 'x', true],
])('pattern %j on %j: %s', (pattern, id, expected) => {
  expect(matches(pattern, id)).toBe(expected);
});

test('patterns agree with the anchored expression that they stand for', () => {
  const random = seeded(5);
  const word = (letters: string): string => Array.from({ length: between(random, 0, 6) }, () => pick(random, [...letters])).join('');
  for (let i = 0; i < 5_000; i++) {
    const [pattern, id] = [word('ab*'), word('ab')];
    expect([pattern, id, matches(pattern, id)]).toEqual([pattern, id, new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(id)]);
  }
});

test('the first matching list decides, no match denies, no list allows', () => {
  const acls = [
    { name: 'a', patterns: ['srv-*'], voter: true, observer: true },
    { name: 'b', patterns: ['srv-9', '*'], voter: false, observer: true },
  ];
  const ask = (id: string): boolean[] => [mayTakePart(acls, id, 'voter'), mayTakePart(acls, id, 'observer')];
  expect([ask('srv-9'), ask('laptop'), [mayTakePart([], 'x', 'voter'), mayTakePart(acls.slice(0, 1), 'x', 'observer')]]).toEqual([[true, true], [false, true], [true, false]]);
});
