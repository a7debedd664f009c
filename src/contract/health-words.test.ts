import { expect, test } from 'vitest';
import { fixNames, noticeKinds, worstOf } from './health.ts';
import { allProblems, fixLabels, noticeWords, problemTitles } from './health-words.ts';
import { wayOf } from './fixes.ts';

test('titles and labels are short, begin large and end without a full stop; no two problems are called the same', () => {
  const texts = [...Object.values(problemTitles), ...fixNames.map((fix) => fixLabels[fix]), ...noticeKinds.map((kind) => noticeWords[kind].label), allProblems(1), allProblems(12)];
  for (const text of texts) expect(text).toMatch(/^[A-Z][^.]{2,45}$/);
  expect(new Set(Object.values(problemTitles)).size).toBe(Object.keys(problemTitles).length);
});

test.each([...fixNames])('%s leads somewhere', (fix) => expect(wayOf({ code: 'clear-text', fix, detail: { link: 'https://wifi.example/in' } })).not.toBe(null));
test.each(['javascript:alert(1)', 'file:///etc/passwd', 'ssh://wifi.example', 'http://user@wifi.example/', `http://wifi.example/${'x'.repeat(500)}`, ''])('a browser is not sent to %s', (link) => {
  expect(wayOf({ code: 'sign-in-needed', fix: 'sign-in', detail: { link } })).toBe(null);
});
test('without a fix there is no way', () => expect(wayOf({ code: 'clear-text', fix: null, detail: {} })).toBe(null));

test('the worst is the most severe, the first among equals', () => {
  const of = (...all: readonly ('info' | 'warning' | 'error')[]) => worstOf(all.map((severity, at) => ({ severity, at })))?.at;
  expect([of(), of('info', 'warning', 'error', 'error'), of('warning', 'info', 'warning')]).toEqual([undefined, 2, 0]);
});
