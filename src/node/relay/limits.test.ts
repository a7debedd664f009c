import { expect, test } from 'vitest';
import { virtualClock } from '../../../test/sim/session/clock.ts';
import { createRelayLimits, type RelayLimits } from './limits.ts';

/** Offers `offered` bytes a second in datagrams of 1000 bytes for each member, for so many seconds; answers what each got through a second. */
function offer(limits: RelayLimits, clock: ReturnType<typeof virtualClock>, offered: Readonly<Record<string, number>>, seconds: number): Record<string, number> {
  const got: Record<string, number> = {};
  const due = Object.fromEntries(Object.keys(offered).map((name) => [name, 0]));
  for (let ms = 0; ms < seconds * 1_000; ms++) {
    clock.next(clock.monotonicMs() + 1);
    for (const [name, rate] of Object.entries(offered)) {
      for (due[name] = (due[name] ?? 0) + rate / 1_000; (due[name] ?? 0) >= 1_000; due[name] = (due[name] ?? 0) - 1_000) {
        if (limits.take(1_000, 'turn', name)) got[name] = (got[name] ?? 0) + 1_000;
      }
    }
  }
  return Object.fromEntries(Object.entries(got).map(([name, bytes]) => [name, Math.round(bytes / seconds / 1_000)]));
}

function limited(rate: number): { limits: RelayLimits; clock: ReturnType<typeof virtualClock> } {
  const clock = virtualClock();
  const limits = createRelayLimits(clock);
  limits.set(rate);
  return { limits, clock };
}

test('passes what is within the rate, all of it, and no more than the rate', () => {
  const within = limited(1_000_000);
  expect(offer(within.limits, within.clock, { ann: 900_000 }, 10)).toEqual({ ann: 900 });
  const beyond = limited(1_000_000);
  const { ann = 0 } = offer(beyond.limits, beyond.clock, { ann: 5_000_000 }, 10);
  expect([ann > 990, ann <= 1_030]).toEqual([true, true]);
  expect(beyond.limits.stats().turn.droppedDatagrams).toBeGreaterThan(35_000);
});

test('one who floods does not take the share of others', () => {
  const { limits, clock } = limited(1_000_000);
  const got = offer(limits, clock, { flood: 20_000_000, bob: 200_000, eve: 300_000 }, 10);
  expect(got).toMatchObject({ bob: 200, eve: 300 });
  expect(got['flood']).toBeLessThan(540);
  expect(got['flood']).toBeGreaterThan(450);
});

test('two who flood get the same', () => {
  const { limits, clock } = limited(1_000_000);
  const { a = 0, b = 0 } = offer(limits, clock, { a: 10_000_000, b: 3_000_000 }, 10);
  expect(Math.abs(a - b)).toBeLessThan(40);
});

test('zero relays nothing, and both tiers share one limit', () => {
  const { limits, clock } = limited(0);
  expect([limits.take(1, 'turn', 'ann'), limits.take(1, 'stream', 'ann')]).toEqual([false, false]);
  limits.set(400_000);
  let passed = 0;
  for (let n = 0; n < 200; n++) if (limits.take(1_000, n % 2 === 0 ? 'turn' : 'stream', 'ann')) passed += 1;
  expect(passed).toBeLessThanOrEqual(100);
  clock.next(1_000);
  const { turn, stream } = limits.stats();
  expect(turn.bytes + stream.bytes).toBe(passed * 1_000);
});

test('remembers no more members than are active', () => {
  const { limits, clock } = limited(1_000_000);
  for (let n = 0; n < 10_000; n++) {
    clock.next(clock.monotonicMs() + 5);
    limits.take(10, 'turn', `member ${n}`);
  }
  // A share of what two hundred would get is not what one alone gets after a second.
  clock.next(clock.monotonicMs() + 2_000);
  expect(offer(limits, clock, { ann: 900_000 }, 2)).toEqual({ ann: 900 });
});
