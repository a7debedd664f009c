import { expect, test } from 'vitest';
import { sentenceIn } from '../say.ts';
import { shared as de } from './de/index.ts';
import { shared as en } from './en/index.ts';
import { shared as es } from './es/index.ts';
import { shared as fr } from './fr/index.ts';
import { shared as zh } from './zh/index.ts';

const conflict = { code: 'tunnel.conflict', detail: { what: '10.7.0.0/16', device: 'wmabc', tunnelId: 'abc', other: 'Home' } } as const;
const port = { code: 'tunnel.port-in-use', detail: { port: 51_820, device: 'wmabc', tunnelId: 'abc', other: 'Home' } } as const;

test('a conflict with another network of this machine names it, what it is about and what to do', () => {
  expect(sentenceIn(en, conflict)).toEqual({
    what: 'Your network “Home” uses addresses that this one needs as well (10.7.0.0/16). “Home” stays as it is.',
    next: 'Disconnect “Home”, then try again: two networks with the same addresses cannot be connected at the same time.',
  });
  expect(sentenceIn(en, port)).toEqual({
    what: 'Your network “Home” already uses UDP port 51820, which was chosen for this one too.',
    next: 'Disconnect “Home” and try again, or use another port: the other devices learn it by themselves.',
  });
});

test.each(Object.entries({ en, de, fr, es, zh }))('%s names the network and never its interface', (_, words) => {
  for (const [failure, about] of [[conflict, '10.7.0.0/16'], [port, '51820']] as const) {
    const { what, next } = sentenceIn(words, failure);
    expect([what.includes('Home'), what.includes(about), next.includes('Home'), `${what}${next}`.includes('wmabc')]).toEqual([true, true, true, false]);
    expect([what, next].map((text) => / {2}|\.\.|undefined/.test(text))).toEqual([false, false]);
  }
});

test('a network that was forgotten meanwhile, or another program, is named by its interface', () => {
  const { other: _other, ...detail } = conflict.detail;
  expect(sentenceIn(en, { ...conflict, detail }).what).toContain('wmabc');
});
