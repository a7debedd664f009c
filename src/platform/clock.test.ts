import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { systemRandom } from './random.ts';

test('runs once after the delay, in the order of the delays, and not when cancelled', async () => {
  const seen: string[] = [];
  systemClock.after(5, () => seen.push('cancelled'))();
  systemClock.after(30, () => seen.push('later'));
  systemClock.after(10, () => seen.push('sooner'));
  await new Promise<void>((resolve) => systemClock.after(60, resolve));
  expect(seen).toEqual(['sooner', 'later']);
});

test('a wait longer than a timer can hold does not fire at once', async () => {
  let fired = false;
  const cancel = systemClock.after(2 ** 40, () => {
    fired = true;
  });
  await new Promise<void>((resolve) => systemClock.after(10, resolve));
  cancel();
  expect(fired).toBe(false);
});

test('random numbers stay in [0, 1) and fill it', () => {
  const draws = Array.from({ length: 2000 }, () => systemRandom.next());
  expect([draws.every((n) => n >= 0 && n < 1), new Set(draws.map((n) => Math.floor(n * 10))).size, systemRandom.bytes(5).length]).toEqual([true, 10, 5]);
});
