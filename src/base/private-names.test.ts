import { expect, test } from 'vitest';
import { isDomain, isPrivateDomain } from './private-names.ts';

test('only names below a domain that nobody on the Internet has are private', () => {
  const good = ['home.internal', 'a.b.internal', 'x.home.arpa', 'nas.lan', 'my-net.corp', `${'a'.repeat(63)}.internal`];
  const bad = [
    '', '.', 'com', 'internal', 'home.arpa', 'lan', 'arpa', 'example.com', 'internal.example.com', 'evilinternal', 'x.local', 'home.internal.', '.home.internal', 'a..internal',
    'Home.internal', '-a.internal', 'a-.internal', 'a b.internal', 'ä.internal', '~home.internal', 'a_b.internal', `${'a'.repeat(64)}.internal`, `${'a.'.repeat(100)}internal`, "a';x.internal", 'a\n.internal',
  ];
  expect(good.filter((name) => !isPrivateDomain(name))).toEqual([]);
  expect(bad.filter(isPrivateDomain)).toEqual([]);
  expect(['example.com', '16.172.in-addr.arpa', 'com'].map(isDomain)).toEqual([true, true, false]);
});
