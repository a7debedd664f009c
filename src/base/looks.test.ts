import { expect, test } from 'vitest';
import { virtualClock } from '../../test/sim/session/clock.ts';
import { lookEvery } from './looks.ts';

test('looks of one clock share their moments, whenever they began, and end one by one', () => {
  const clock = virtualClock();
  const advance = (forMs: number): void => {
    const untilMs = clock.monotonicMs() + forMs;
    while (clock.next(untilMs));
  };
  const seen: string[] = [];
  const wakes = { count: 0 };
  const counted = { monotonicMs: () => clock.monotonicMs(), after: (delayMs: number, run: () => void) => clock.after(delayMs, () => {
    wakes.count++;
    run();
  }) };
  advance(130);
  const startMs = clock.monotonicMs();
  const note = (name: string) => (): void => void seen.push(`${name}${clock.monotonicMs() - startMs}`);
  const endFast = lookEvery(counted, 500, note('fast '));
  advance(300);
  const endSlow = lookEvery(counted, 1_000, note('slow '));
  advance(1_100);
  expect([seen, wakes.count]).toEqual([['fast 370', 'fast 870', 'slow 870', 'fast 1370'], 3]);
  endFast();
  advance(1_000);
  expect(seen.slice(4)).toEqual(['slow 1870']);
  endSlow();
  advance(5_000);
  expect(seen.length).toBe(5);
});
