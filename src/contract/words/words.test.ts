import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failureCodes } from '../../base/failure.ts';
import { pathReasonCodes, pathTiers } from '../../base/path-reasons.ts';
import { fixNames, noticeKinds, severities } from '../health.ts';
import { pluralIn, spokenLanguage } from '../language.ts';
import { reasons } from '../reasons.ts';
import { sentenceIn, warningIn, whyIn } from '../say.ts';
import { warningCodes } from '../state.ts';
import { shared as de } from './de/index.ts';
import { shared as en } from './en/index.ts';
import { shared as es } from './es/index.ts';
import { shared as fr } from './fr/index.ts';
import type { SharedWords } from './type.ts';
import { shared as zh } from './zh/index.ts';

const others = { de, fr, es, zh };
const named = Object.entries(others);
const texts = ['address', 'path', 'message', 'node', 'what', 'field', 'name', 'interface', 'network', 'hint', 'id', 'device', 'version', 'app', 'max', 'port', 'sequence', 'holder', 'peer', 'keptAs', 'file'];
/** Every detail that a part of the app sends, with a mark of its own; numbers are large, so that they are seen behind any grouping. */
const marked: Readonly<Record<string, string | number>> = { ...Object.fromEntries(texts.map((key) => [key, `<${key}>`])), deadlineMs: 711_000, calls: 722, count: 733, days: 744 };
const single = { ...marked, count: 1 };

const marksIn = (text: string): string => [...new Set(text.match(/<\w+>|7[1-4]\d/g) ?? [])].filter((mark) => mark !== '<hint>').sort().join(' ');
const capitals = (text: string): string => text.replace(/<(\w+)>/gi, (mark) => mark.toLowerCase().replace('keptas', 'keptAs'));

test.each(named)('%s says of each failure and warning what English says', (_, words) => {
  const wrong = [...failureCodes, ...warningCodes].flatMap((code) => [marked, single].map((detail) => {
    const say = (it: SharedWords): string => {
      const said = (failureCodes as readonly string[]).includes(code) ? sentenceIn(it, { code: code as never, detail }) : warningIn(it, { code: code as never, detail });
      return marksIn(capitals(`${said.what} ${said.next}`));
    };
    return { code, english: say(en), said: say(words) };
  })).filter(({ english, said }) => english !== said);
  expect(wrong).toEqual([]);
});

test.each(named)('%s says of each reason of a path what English says', (_, words) => {
  const detail = { endpoint: '<endpoint>', node: '<node>', code: 'no-relay', problem: '<problem>', silentMs: '711000', retryInMs: '722000' };
  const digits = (text: string): string => (text.match(/<\w+>|\b1[0-9]\b/g) ?? []).sort().join(' ');
  const wrong = pathReasonCodes.flatMap((code) => [...pathTiers, null].map((tier) => {
    const say = (it: SharedWords): string => digits(Object.values(whyIn(it, { code, tier, detail })).join(' '));
    return { code, tier, english: say(en), said: say(words) };
  })).filter(({ english, said }) => english !== said);
  expect(wrong).toEqual([]);
});

test.each(named)('%s is complete sentences, in its own words, with nothing but known marks', (_, words) => {
  for (const code of [...failureCodes, ...warningCodes]) {
    for (const detail of [{}, marked, single]) {
      const both = [words, en].map((it) => ((failureCodes as readonly string[]).includes(code) ? sentenceIn(it, { code: code as never, detail }) : warningIn(it, { code: code as never, detail })));
      for (const key of ['what', 'next'] as const) {
        expect(both[0]?.[key]).toMatch(/^[^ ][^]*[.。]$/);
        expect(both[0]?.[key]).not.toMatch(/undefined|\bnull\b|NaN|\[object| {2}|\.\.|: *\.|\(\)|（）/);
        if (key !== 'next' || code !== 'input.unknown-profile') expect(both[0]?.[key]).not.toBe(both[1]?.[key]);
      }
    }
  }
});

test.each(named)('%s has titles and buttons of its own, and no two problems are called the same', (_, words) => {
  const own = (it: SharedWords): string[] => [...Object.values(it.health.titles), ...fixNames.map((fix) => it.health.fixes[fix]), ...severities.map((one) => it.health.severities[one]), ...noticeKinds.map((kind) => it.health.notices[kind].hint)];
  expect(own(words).filter((text, i) => text === own(en)[i])).toEqual([]);
  expect(new Set(Object.values(words.health.titles)).size).toBe(warningCodes.length);
});

test('the language that is spoken follows the choice, then what is preferred and known', () => {
  const said = [['de', ['fr']], ['system', ['fr-CA', 'de']], ['system', ['pt-BR', 'es-MX']], ['system', ['zh-TW', 'de']], ['system', ['zh-Hans-HK']], ['system', ['zh']], ['system', []], ['tlh', ['en_US']], ['ar-XB', ['de']]] as const;
  expect(said.map(([choice, preferred]) => spokenLanguage(choice, preferred))).toEqual(['de', 'fr', 'es', 'de', 'zh', 'zh', 'en', 'en', 'ar-XB']);
});

test('a number takes the form that its language has for it', () => {
  expect([0, 1, 2, 1.5, 12_000].map((n) => pluralIn('en')(n, { one: '# day', other: '# days' }))).toEqual(['0 days', '1 day', '2 days', '1.5 days', '12,000 days']);
  expect([0, 1, 1.5, 2, 1_000_000].map((n) => pluralIn('fr')(n, { one: '# jour', other: '# jours' }).replace(/\s/g, ' '))).toEqual(['0 jour', '1 jour', '1,5 jour', '2 jours', '1 000 000 jours']);
});

test.each(named)('%s has each explanation in its own words, to stand behind a sentence', (_, words) => {
  const wrong = reasons.filter((reason) => words.phrases.reasons[reason] === reason || /[.。]$/.test(words.phrases.reasons[reason]));
  expect(wrong).toEqual([]);
  expect(sentenceIn(words, { code: 'input.invite-damaged', detail: { problem: 'it is too long' } }).what).toContain(words.phrases.reasons['it is too long']);
  expect(sentenceIn(words, { code: 'input.invite-damaged', detail: { problem: 'of tomorrow' } }).what).toContain('of tomorrow');
});

test('an explanation that has words is sent by some part of the app, letter by letter', () => {
  const root = join(import.meta.dirname, '../..');
  const sources = globSync('{core,helper,node,platform,base}/**/*.ts', { cwd: root, exclude: (name) => name.endsWith('.test.ts') }).map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  expect(reasons.filter((reason) => !sources.includes(`'${reason}'`))).toEqual([]);
});
