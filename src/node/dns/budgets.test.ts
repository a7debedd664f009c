import { expect, test } from 'vitest';
import { createBudgets } from './budgets.ts';

test('each source has a burst, then so many a second, and the map forgets who was silent for longest', () => {
  let nowMs = 0;
  const { take } = createBudgets({ nowMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} }, { perSecond: 10, burst: 3, sourcesMax: 2 });
  const tries = (source: string, count: number): string => Array.from({ length: count }, () => (take(source) ? 'y' : 'n')).join('');
  const first = [tries('a', 5), tries('b', 4)];
  nowMs = 100;
  const later = [tries('a', 2), tries('b', 2)];
  nowMs = 100_000;
  expect([first, later, tries('a', 5)]).toEqual([['yyynn', 'yyyn'], ['yn', 'yn'], 'yyynn']);
  // `b` was asked for last before `c` came: `c` and then `d` push out the older ones, which begin anew.
  expect([tries('c', 4), tries('d', 1), tries('a', 4)]).toEqual(['yyyn', 'y', 'yyyn']);
});
