import { expect, test } from 'vitest';
import { between, seeded } from '../../base/random.ts';
import { goTimeText, instantFromMs, parseTime, rfc3339, zeroInstant } from './go-time.ts';

test('the forms that the wire reference gives', () => {
  const at = { seconds: 1685124908n, nanos: 120_000_000 };
  expect([goTimeText(at), rfc3339(at), goTimeText(zeroInstant), rfc3339(zeroInstant)]).toEqual([
    '2023-05-26 18:15:08.12 +0000 UTC', '2023-05-26T18:15:08.12Z', '0001-01-01 00:00:00 +0000 UTC', '0001-01-01T00:00:00Z',
  ]);
});

test.each([
  ['2023-05-26 18:15:08.123456789 +0000 UTC', 1685124908n, 123_456_789],
  ['2023-05-26 20:15:08 +0200 CEST', 1685124908n, 0],
  ['2023-05-26 18:15:08.5 +0000 UTC m=+0.012345', 1685124908n, 500_000_000],
  ['2023-05-26T13:15:08-05:00', 1685124908n, 0],
  ['2023-05-26T18:15:08Z', 1685124908n, 0],
  ['2023-05-26 18:15:08', 1685124908n, 0],
  ['2023-05-26 18:15', 1685124900n, 0],
  ['2023-05-26', 1685059200n, 0],
  ['1969-12-31 23:59:59.9 +0000 UTC', -1n, 900_000_000],
])('reads %s', (text, seconds, nanos) => {
  expect(parseTime(text)).toEqual({ seconds, nanos });
});

test.each(['', 'now', '2023-02-29', '2023-13-01', '0000-01-01', '2023-05-26 24:00:00', '2023-05-26 18:15:08 +2500', '2023-05-26x', '2023-05-26 18:15:08.1234567890'])('refuses %j', (text) => {
  expect(parseTime(text)).toBeUndefined();
});

test('every instant of the years 1 to 9999 survives both forms and agrees with the platform calendar', () => {
  const random = seeded(7);
  for (let i = 0; i < 3000; i++) {
    const ms = between(random, Date.UTC(1970, 0, 1) - 62_135_596_800_000, 253_402_300_799_999);
    const instant = instantFromMs(ms);
    expect(parseTime(goTimeText(instant) as string)).toEqual(instant);
    expect(parseTime(rfc3339(instant) as string)).toEqual(instant);
    expect(rfc3339({ ...instant, nanos: 0 })).toBe(new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000', ''));
  }
  expect([goTimeText({ seconds: 253_402_300_800n, nanos: 0 }), goTimeText({ seconds: -62_135_596_801n, nanos: 0 })]).toEqual([undefined, undefined]);
});
