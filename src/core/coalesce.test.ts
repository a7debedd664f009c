import { expect, test } from 'vitest';
import { virtualClock } from '../../test/sim/session/clock.ts';
import { derived } from './coalesce.ts';

function counted() {
  const clock = virtualClock();
  let source = 0;
  const told: string[] = [];
  const count = derived(clock, 100, () => source);
  count.cell.subscribe((value) => told.push(`${clock.nowMs()}: ${value}`));
  const change = (): void => {
    source++;
    count.mark();
  };
  const pass = (ms: number): void => {
    const untilMs = clock.nowMs() + ms;
    while (clock.next(untilMs));
  };
  return { count, told, change, pass };
}

test('the first change is told at once, those that follow together', () => {
  const { told, change, pass } = counted();
  for (let i = 0; i < 5; i++) change();
  pass(1_000);
  expect(told).toEqual(['0: 1', '100: 5']);
});

test('who asks is answered what is true now, and who watches is told of it then and not again', () => {
  const { count, told, change, pass } = counted();
  change();
  change();
  expect(count.cell.get()).toBe(2);
  expect(told).toEqual(['0: 1', '0: 2']);
  pass(1_000);
  expect(told).toHaveLength(2);
  change();
  expect([count.cell.get(), told.length]).toEqual([3, 3]);
});

test('what was closed is told no more', () => {
  const { count, told, change, pass } = counted();
  change();
  change();
  count.close();
  pass(1_000);
  expect([count.cell.get(), told]).toEqual([1, ['0: 1']]);
});
