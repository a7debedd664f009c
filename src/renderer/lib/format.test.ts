import { expect, test } from 'vitest';
import { ago, bytes, latency, percent, rate, shortCount, shortKey, span, whole } from './format.ts';

test('sizes keep three figures and never read 1000', () => {
  expect([0, 7, 999, 1000, 1234, 12_345, 123_456, 999_999, 1_482_113_024, 4e15].map(bytes)).toEqual([
    '0 B', '7 B', '999 B', '1.00 kB', '1.23 kB', '12.3 kB', '123 kB', '1.00 MB', '1.48 GB', '4.00 PB',
  ]);
  expect([rate(null), rate(2_100_000)]).toEqual(['–', '2.10 MB/s']);
});

test('ages use one unit, spans at most two', () => {
  const now = 1_000_000_000;
  expect([null, now + 5000, now - 400, now - 12_000, now - 65_000, now - 3 * 3_600_000, now - 86_400_000, now - 5 * 86_400_000].map((at) => ago(at, now))).toEqual([
    'never', 'now', 'now', '12 s ago', '1 min ago', '3 h ago', '1 day ago', '5 days ago',
  ]);
  expect([-5, 8000, 300_000, 8_040_000, 7_200_000, 412_000_000, 172_800_000].map(span)).toEqual(['0 s', '8 s', '5 min', '2 h 14 min', '2 h', '4 days 18 h', '2 days']);
});

test('small things', () => {
  expect([latency(null), latency(0.84), latency(12.34), latency(240.6), latency(1400)]).toEqual(['–', '0.8 ms', '12.3 ms', '241 ms', '1.4 s']);
  expect([percent(null), percent(0), percent(0.424), percent(1)]).toEqual(['–', '0 %', '42 %', '100 %']);
  expect([whole(1), whole(2000)]).toEqual(['1', '2,000']);
  expect([7, 999, 2000, 10_400].map(shortCount)).toEqual(['7', '999', '2k', '10k']);
  expect([shortKey('short'), shortKey('nqEm+kSfilWWLDmE4V5FbWOabcdefghijklmnopqrs=')]).toEqual(['short', 'nqEm+k…pqrs=']);
});
