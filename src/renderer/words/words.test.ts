import { expect, test } from 'vitest';
import { languages } from '../../contract/language.ts';
import { loadWords } from './load.ts';
import type { PageWords } from './en/index.ts';
import { messagesOf, shownMarks } from './messages.ts';
import { pieces, slot } from './slots.ts';

/** Messages that are rightly the same in a language as in English, by their place, and why. */
const same: readonly { readonly place: RegExp; readonly languages?: string; readonly reason: string }[] = [
  { place: /^common\.(units|span\.|spans|perSecond|percent|milliseconds|seconds)/, reason: 'units of physics' },
  { place: /^connect\.(name|tunnel)$/, languages: 'de fr', reason: 'the same word' },
  { place: /^connect\.engine$/, reason: 'a name and what the system calls the engine' },
  { place: /^settings\.notifications$/, languages: 'fr', reason: 'the same word' },
  { place: /^common\.ahead\.(s|min|h)$/, languages: 'de', reason: '“in 5 min” is German too' },
  { place: /^several\.colours\.orange$/, languages: 'de', reason: 'the same word in German' },
  { place: /^several\.colours\.violet$/, languages: 'fr', reason: 'the same word in French' },
  { place: /^keys\.dialog\.passphrase$/, languages: 'de', reason: 'the same word in German' },
  { place: /^invites\.(dialog\.options|fields\.note)$/, languages: 'fr', reason: 'the same word in French' },
  { place: /^(invites\.roles\.admin\.word|peers\.heads\.roles\.admin)$/, languages: 'de fr', reason: 'Admin is the usual word' },
  { place: /^check\.router$/, languages: 'de es', reason: 'the usual word' },
  { place: /^history\.ranges\./, languages: 'de fr es', reason: 'units of time' },
  { place: /^device\.version$/, languages: 'fr', reason: 'the same word in French' },
  { place: /^(peers\.columns\.(name|path|handshake)|peer\.(name|handshake|metrics\.system|open\.schemes\.ssh)|forwards\.dialog\.port|offers\.shares\.port|device\.(name|status|version)|history\.charts\.tunnel)$/, languages: 'de', reason: 'the same word in German' },
];

/** The page's own: what it shares with the other shells is tested in contract/words. */
const own = ({ shared: _, ...words }: PageWords): ReturnType<typeof messagesOf> => messagesOf(words);
const others = languages.filter((language) => language !== 'en');

test.each(others)('%s has every message in its own words', async (language) => {
  const english = new Map(own(await loadWords('en')));
  const alike = own(await loadWords(language)).filter(([place, message]) => {
    const shown = typeof message === 'string' ? message : shownMarks(message).text;
    const other = english.get(place);
    const shownInEnglish = typeof other === 'function' ? shownMarks(other).text : other;
    return shown === shownInEnglish && /\p{L}{2}/u.test(shown) && !same.some((one) => one.place.test(place) && (one.languages === undefined || one.languages.includes(language)));
  });
  expect(alike.map(([place]) => place)).toEqual([]);
});

test.each([...others, 'ar-XB'] as const)('%s says all that English says of what a message is given', async (language) => {
  const english = new Map(own(await loadWords('en')));
  const wrong = own(await loadWords(language)).filter(([place, message]) => {
    const other = english.get(place);
    return typeof message === 'function' && typeof other === 'function' && shownMarks(message).marks.join() !== shownMarks(other).marks.join();
  });
  expect(wrong.map(([place]) => place)).toEqual([]);
});

test('no message is empty or has a space at an end, in any language', async () => {
  const odd: string[] = [];
  for (const language of languages) {
    for (const [place, message] of own(await loadWords(language))) {
      const text = typeof message === 'string' ? message : shownMarks(message).text;
      if (text.trim() !== text || text === '' || /NaN|undefined/.test(text)) odd.push(`${language} ${place}: ${JSON.stringify(text)}`);
    }
  }
  expect(odd).toEqual([]);
});

test('the pseudo-language turns words and leaves what was given, and names of protocols', async () => {
  const words = await loadWords('ar-XB');
  expect(words.invites.takeBackOf('Grace 7')).not.toMatch(/take|back/i);
  expect(words.invites.takeBackOf('Grace 7')).toContain('\u2068Grace 7\u2069');
  expect(words.people.wouldJoin(slot(0), 'x', '5 min')).toContain(slot(0));
  expect(words.common.span.days(3)).toMatch(/^3 [\u0600-\u06ff]+$/);
});

test('a message is cut at its slots', () => {
  expect(pieces(`by ${slot(1)}, ${slot(0)}.`)).toEqual(['by ', 1, ', ', 0, '.']);
  expect(pieces('plain')).toEqual(['plain']);
});
