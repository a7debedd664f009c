import { expect, test } from 'vitest';
import { lockGaps } from './lock-gaps.ts';

test('a whole lock has no gap, also with nested packages and unwanted peers', () => {
  expect(
    lockGaps({
      '': { dependencies: { a: '1' }, devDependencies: { b: '1' } },
      'node_modules/a': { dependencies: { b: '2' } },
      'node_modules/a/node_modules/b': { dependencies: { c: '1' } },
      'node_modules/b': { peerDependencies: { d: '1' }, peerDependenciesMeta: { d: { optional: true } } },
      'node_modules/c': {},
    }),
  ).toEqual([]);
});

test('a platform package without an entry is a gap', () => {
  expect(lockGaps({ '': { dependencies: { a: '1' } }, 'node_modules/a': { optionalDependencies: { '@a/linux': '1', '@a/darwin': '1' } }, 'node_modules/@a/linux': {} })).toEqual([
    'node_modules/a → @a/darwin',
  ]);
});

test('a nested package does not serve its neighbour', () => {
  expect(lockGaps({ '': { dependencies: { x: '1' } }, 'node_modules/a': {}, 'node_modules/a/node_modules/x': {} })).toEqual(['this package → x']);
});
