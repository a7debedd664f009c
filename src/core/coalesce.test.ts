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

test('who asks is answered what is true now, and who watches is told of it in time', () => {
  const { count, told, change, pass } = counted();
  change();
  change();
  expect([count.cell.get(), count.cell.get(), told]).toEqual([2, 2, ['0: 1']]);
  change();
  expect(count.cell.get()).toBe(3);
  pass(1_000);
  expect([count.cell.get(), told]).toEqual([3, ['0: 1', '100: 3']]);
});

test('a value that came back before it was told is not told again', () => {
  const clock = virtualClock();
  let source = 'a';
  const told: string[] = [];
  const { cell, mark } = derived(clock, 100, () => ({ source }));
  cell.subscribe((value) => told.push(value.source));
  const change = (to: string): void => {
    source = to;
    mark();
  };
  change('b');
  change('c');
  expect(cell.get()).toEqual({ source: 'c' });
  change('b');
  while (clock.next(1_000));
  expect([cell.get(), told]).toEqual([{ source: 'b' }, ['b']]);
});

test('what was closed is told no more', () => {
  const { count, told, change, pass } = counted();
  change();
  change();
  count.close();
  pass(1_000);
  expect(told).toEqual(['0: 1']);
});
