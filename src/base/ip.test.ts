import { describe, expect, test } from 'vitest';
import { contains, formatIp, formatPrefix, type Ip, isUnroutable, joinHostPort, lastOf, networkOf, overlaps, parseIp, parsePrefix, type Prefix, splitHostPort } from './ip.ts';
import { between, seeded } from './random.ts';

const ip = (text: string): Ip => {
  const parsed = parseIp(text);
  if (!parsed) throw new Error(`${text} is no address`);
  return parsed;
};
const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (!parsed) throw new Error(`${text} is no prefix`);
  return parsed;
};

describe('addresses', () => {
  // The right side is RFC 5952's canonical form.
  test.each([
    ['172.16.0.2', '172.16.0.2'], ['0.0.0.0', '0.0.0.0'], ['255.255.255.255', '255.255.255.255'], ['::', '::'], ['::1', '::1'], ['1::', '1::'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], ['2001:0DB8::0001', '2001:db8::1'], ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], ['fd00:1:2:3::', 'fd00:1:2:3::'], ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'], ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'], ['fe80::1%eth0', 'fe80::1'],
  ])('%s is %s', (text, canonical) => expect(formatIp(ip(text))).toBe(canonical));

  test.each([
    '', '1', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', '1.2.3.-4', '1.2.3.4%eth0', 'a.b.c.d', ':', ':::', '1:::2', '1::2::3', '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '12345::', 'g::', '::1%', '::1%a b', '[::1]', '::1.2.3', '1:2:3:4:5:6:7:1.2.3.4', ' ::1', '1::2:', ':1::2',
  ])('"%s" is none', (text) => expect(parseIp(text)).toBe(undefined));

  test('2,000 random ones come back from their text', () => {
    const random = seeded(3);
    for (let i = 0; i < 2_000; i++) {
      const family = between(random, 0, 1) === 0 ? 4 : 6;
      // Few distinct words, so that runs of zeros are common.
      const words = Array.from({ length: family === 4 ? 2 : 8 }, () => BigInt(between(random, 0, 2) === 0 ? between(random, 0, 0xffff) : 0));
      const value = words.reduce((sum, word) => (sum << 16n) | word, 0n);
      expect(parseIp(formatIp({ family, value }))).toEqual({ family, value });
    }
  });
});

describe('prefixes', () => {
  test('keep their host bits, and lose them as a network', () => {
    expect(formatPrefix(prefix('172.16.0.2/12'))).toBe('172.16.0.2/12');
    expect(['172.31.255.9/12', '10.0.0.5/24', '1.2.3.4/32', '1.2.3.4/0', 'fd12:3456:789a:1::5/64', 'fd12::1/128', '::1/0'].map((t) => formatPrefix(networkOf(prefix(t))))).toEqual([
      '172.16.0.0/12', '10.0.0.0/24', '1.2.3.4/32', '0.0.0.0/0', 'fd12:3456:789a:1::/64', 'fd12::1/128', '::/0',
    ]);
  });
  test('end with their broadcast address', () => {
    expect(['172.16.0.0/12', '10.0.0.5/32', '10.0.0.5/31', 'fd00::/64'].map((t) => formatIp(lastOf(prefix(t))))).toEqual(['172.31.255.255', '10.0.0.5', '10.0.0.5', 'fd00::ffff:ffff:ffff:ffff']);
  });
  test('contain what is inside, of their own family', () => {
    const inside = (network: string, address: string): boolean => contains(prefix(network), ip(address));
    expect([inside('172.16.0.0/12', '172.31.255.255'), inside('172.16.0.0/12', '172.32.0.0'), inside('0.0.0.0/0', '1.2.3.4'), inside('::/0', '1.2.3.4')]).toEqual([true, false, true, false]);
  });
  test('overlap when one holds the other', () => {
    const both = (a: string, b: string): boolean => overlaps(prefix(a), prefix(b));
    expect([both('10.0.0.0/8', '10.1.0.0/16'), both('10.1.0.0/16', '10.0.0.0/8'), both('10.0.0.0/9', '10.128.0.0/9'), both('::/0', '10.0.0.0/8')]).toEqual([true, true, false, false]);
  });
  test.each(['', '1.2.3.4', '1.2.3.4/', '1.2.3.4/33', '::/129', '1.2.3.4/-1', '1.2.3.4/1/2', '/8', '1.2.3.4/1.5', 'x/8'])('"%s" is none', (text) => expect(parsePrefix(text)).toBe(undefined));
});

describe('host and port', () => {
  test('IPv6 is bracketed', () => expect([joinHostPort('1.2.3.4', 9443), joinHostPort('fd00::1', 9443), joinHostPort('host', 1)]).toEqual(['1.2.3.4:9443', '[fd00::1]:9443', 'host:1']));
  test.each([
    ['1.2.3.4:9443', { host: '1.2.3.4', port: 9443 }], ['[fd00::1]:65535', { host: 'fd00::1', port: 65535 }], ['node.example:1', { host: 'node.example', port: 1 }],
  ])('%s is read', (text, parts) => expect(splitHostPort(text)).toEqual(parts));
  test.each(['', ':1', 'a', 'a:', 'a:0', 'a:65536', 'fd00::1:80', '[fd00::1]', '[1.2.3.4]:80', '[]:80', 'a b:80', 'a/b:80', 'a:80:90', 'http://a:80', 'a:-1', 'a:1e3'])('"%s" is none', (text) =>
    expect(splitHostPort(text)).toBe(undefined));
});

test('addresses that nobody elsewhere can reach', () => {
  const texts = ['127.0.0.1', '0.0.0.0', '0.1.2.3', '224.0.0.1', '255.255.255.255', '::', '::1', 'fe80::1', 'febf::1', 'ff02::1', '10.0.0.1', '169.254.1.1', '8.8.8.8', 'fd00::1', 'fec0::1', '2001:db8::1'];
  expect(texts.filter((text) => isUnroutable(ip(text)))).toEqual(['127.0.0.1', '0.0.0.0', '0.1.2.3', '224.0.0.1', '255.255.255.255', '::', '::1', 'fe80::1', 'febf::1', 'ff02::1']);
});
