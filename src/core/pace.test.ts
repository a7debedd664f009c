import { expect, test } from 'vitest';
import { virtualClock } from '../../test/sim/session/clock.ts';
import { pace } from './pace.ts';

function paced(everyMs: number) {
  const clock = virtualClock();
  const ran: number[] = [];
  const work = pace(clock, everyMs, () => ran.push(clock.nowMs()));
  const pass = (ms: number): void => {
    const untilMs = clock.nowMs() + ms;
    while (clock.next(untilMs));
  };
  return { work, ran, pass };
}

test('the earliest ask counts; one that came later does not put it off', () => {
  const { work, ran, pass } = paced(50);
  work.soon(100);
  pass(10);
  work.soon(20);
  pass(10);
  work.soon(100);
  pass(500);
  expect(ran).toEqual([30]);
});

test('never more often than every so often, however often it is asked, and never starved', () => {
  const { work, ran, pass } = paced(50);
  for (let at = 0; at < 1_000; at += 5) {
    work.soon(20);
    pass(5);
  }
  expect(ran[0]).toBe(20);
  expect(ran.slice(1).every((at, i) => at - (ran[i] ?? 0) === 50)).toBe(true);
  expect(ran).toHaveLength(20);
});

test('what waits is forgotten when it is closed', () => {
  const { work, ran, pass } = paced(50);
  work.soon(20);
  work.close();
  pass(100);
  expect(ran).toEqual([]);
});
