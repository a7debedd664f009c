import { expect, test } from 'vitest';
import { between, chance, pick, type Random, seeded } from '../base/random.ts';
import { changed, changeOf } from './rows.ts';

interface Row {
  readonly id: string;
  readonly bytes: number;
  readonly why: readonly string[];
}

function next(random: Random, list: readonly Row[], made: { count: number }): Row[] {
  const rows = list.flatMap((row) => (chance(random, 0.08) ? [] : [chance(random, 0.1) ? { ...row, bytes: row.bytes + 1 } : chance(random, 0.05) ? { ...row, why: [...row.why, 'x'] } : { ...row }]));
  for (let i = between(random, 0, 3); i > 0; i--) rows.splice(between(random, 0, rows.length), 0, { id: `n${made.count++}`, bytes: 0, why: [] });
  if (rows.length > 1 && chance(random, 0.1)) {
    const [one] = rows.splice(between(random, 0, rows.length - 1), 1);
    rows.splice(between(random, 0, rows.length), 0, one as Row);
  }
  return rows;
}

test('2,000 lists in a row that change at random: what arrives is what was sent', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    const made = { count: 0 };
    let list: Row[] = [];
    let theirs: unknown = { source: 'replica', list };
    let parts = 0;
    for (let step = 0; step < 100; step++) {
      const [before, after] = [{ source: 'replica', list }, { source: pick(random, ['replica', 'stored']), list: next(random, list, made) }];
      const change = changeOf('peers', before, after);
      if (change) parts++;
      theirs = change ? changed('peers', theirs, JSON.parse(JSON.stringify(change))) : JSON.parse(JSON.stringify(after));
      expect(theirs, `seed ${seed}, step ${step}`).toEqual(after);
      list = after.list;
    }
    expect(parts).toBeGreaterThan(20);
  }
});

test('a change that does not fit, or is none, leads nowhere', () => {
  const before = { source: 'replica', list: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] };
  const bad: unknown[] = [
    undefined, null, 1, [], {}, { rest: {}, removed: [], put: [[]] }, { rest: {}, removed: [], put: [[0, null]] }, { rest: {}, removed: [], put: [['0', { id: 'a' }]] }, { rest: null, removed: [], put: [] },
    { rest: {}, removed: ['z'], put: [] }, { rest: {}, removed: ['a', 'a'], put: [] }, { rest: {}, removed: [], put: [[1, { id: 'a' }]] }, { rest: {}, removed: [], put: [[5, { id: 'z' }]] },
    { rest: {}, removed: [], put: [[-1, { id: 'z' }]] }, { rest: {}, removed: [], put: [[0, { id: 'z' }], [0, { id: 'y' }]] }, { rest: {}, removed: [], put: [[0, { id: 'z' }], [1, { id: 'z' }]] },
    { rest: {}, removed: [], put: [[1e15, { id: 'z' }]] }, { rest: {}, removed: [], put: [[0, { id: 'a' }], [1, { id: 'a' }]] },
  ];
  expect(bad.map((change) => changed('peers', before, change))).toEqual(bad.map(() => undefined));
  expect(changed('peers', undefined, { rest: {}, removed: [], put: [] })).toBeUndefined();
  expect(changed('peers', before, { rest: { source: 'stored', list: 'no' }, removed: ['b'], put: [[0, { id: 'z' }]] })).toEqual({ source: 'stored', list: [{ id: 'z' }, { id: 'a' }, { id: 'c' }] });
});

test('two rows of one id, and values without a list, travel whole', () => {
  const twice = { list: [{ id: 'a' }, { id: 'a' }] };
  expect([changeOf('peers', twice, { list: [] }), changeOf('peers', { list: [] }, twice), changeOf('peers', {}, { list: [] }), changeOf('peers', null, undefined)]).toEqual([undefined, undefined, undefined, undefined]);
});
