import { describe, expect, test } from 'vitest';
import { goDuration, goDurationFromMs, parseGoDuration } from './go-duration.ts';

// The examples of Go's own package time.
const second = 1_000_000_000n;
const minute = 60n * second;
const hour = 60n * minute;
const printed: readonly [bigint, string][] = [
  [0n, '0s'], [1n, '1ns'], [1100n, '1.1µs'], [2_200_000n, '2.2ms'], [3_300_000_000n, '3.3s'], [4n * minute + 5n * second, '4m5s'],
  [4n * minute + 5_001_000_000n, '4m5.001s'], [5n * hour + 6n * minute + 7_001_000_000n, '5h6m7.001s'], [8n * minute + 1n, '8m0.000000001s'],
  [2n ** 63n - 1n, '2562047h47m16.854775807s'], [-(2n ** 63n), '-2562047h47m16.854775808s'], [1500n, '1.5µs'], [1_500_000n, '1.5ms'], [168n * hour, '168h0m0s'],
];

describe('printing', () => {
  test.each(printed)('%d ns is %s', (ns, text) => expect(goDuration(ns)).toBe(text));
  test('milliseconds, also broken ones', () => expect([0, 90_000, 1.5, 0.000001].map(goDurationFromMs)).toEqual(['0s', '1m30s', '1.5ms', '1ns']));
});

describe('reading', () => {
  test.each(printed)('%d ns comes back from %s', (ns, text) => expect(parseGoDuration(text)).toBe(ns));
  const read: readonly [string, bigint][] = [
    ['0', 0n], ['5s', 5n * second], ['1478s', 1478n * second], ['-5s', -5n * second], ['+5s', 5n * second], ['-0', 0n], ['+0', 0n], ['5.0s', 5n * second],
    ['5.6s', 5_600_000_000n], ['5.s', 5n * second], ['.5s', second / 2n], ['1.00s', second], ['1.0040s', 1_004_000_000n], ['100.00100s', 100_001_000_000n],
    ['10ns', 10n], ['11us', 11_000n], ['12µs', 12_000n], ['12μs', 12_000n], ['13ms', 13_000_000n], ['15m', 15n * minute], ['16h', 16n * hour],
    ['3h30m', 3n * hour + 30n * minute], ['10.5s4m', 4n * minute + 10_500_000_000n], ['-2m3.4s', -(2n * minute + 3_400_000_000n)],
    ['1h2m3s4ms5us6ns', hour + 2n * minute + 3n * second + 4_005_006n], ['39h9m14.425s', 39n * hour + 9n * minute + 14_425_000_000n],
    ['52763797000ns', 52_763_797_000n], ['9007199254740993ns', 9_007_199_254_740_993n], ['9223372036854775807ns', 2n ** 63n - 1n],
  ];
  test.each(read)('%s', (text, ns) => expect(parseGoDuration(text)).toBe(ns));
  test.each(['', '3', '-', 's', '.', '-.', '.s', '+.s', '1d', 'x1s', '1s ', ' 1s', '1s1', '1e3s', '--1s'])('refuses "%s"', (text) => expect(parseGoDuration(text)).toBe(undefined));
});
