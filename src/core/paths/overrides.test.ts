import { expect, test } from 'vitest';
import { PathView } from '../../gen/webmesh/local/v1/local.ts';
import { countOverrides, type Overrides } from './overrides.ts';

const view = (publicKey: string, push: number, restart: number, endpoint = 'e'): PathView => PathView.fromPartial({ publicKey, push, restart, endpoint });
const brief = (overrides: Overrides): string[] => [...overrides].map(([key, { endpoint, push, restart }]) => `${key} ${endpoint || '-'} ${push} ${restart}`).sort();

test('the finder\'s numbers are ours while it lives', () => {
  const counting = countOverrides();
  expect(brief(counting.take([view('a', 2, 1), view('b', 0, 0)]))).toEqual(['a e 2 1', 'b e 0 0']);
  expect(brief(counting.take([view('a', 5, 1), view('b', 0, 1)]))).toEqual(['a e 5 1', 'b e 0 1']);
});

test('silence asks for nothing but the advertised endpoints', () => {
  const counting = countOverrides();
  counting.take([view('a', 2, 1)]);
  expect(brief(counting.take(null))).toEqual(['a - 2 1']);
  expect(brief(counting.take([view('a', 2, 1)]))).toEqual(['a e 2 1']);
});

test('a finder that starts anew counts from zero, and only what it asks for anew is asked', () => {
  const counting = countOverrides();
  counting.take([view('a', 4, 3), view('b', 1, 1)]);
  counting.anotherLife();
  expect(brief(counting.take([view('a', 0, 0), view('b', 1, 1)]))).toEqual(['a e 4 3', 'b e 2 2']);
  expect(brief(counting.take([view('a', 1, 0), view('b', 1, 1)]))).toEqual(['a e 5 3', 'b e 2 2']);
});

test('one that starts anew unseen, inside of its process, is known by numbers that fell', () => {
  const counting = countOverrides();
  counting.take([view('a', 4, 3)]);
  expect(brief(counting.take([view('a', 1, 0)]))).toEqual(['a e 5 3']);
});

test('a peer that is left out and comes back is not made anew by that', () => {
  const counting = countOverrides();
  counting.take([view('a', 4, 3)]);
  expect(brief(counting.take([]))).toEqual(['a - 4 3']);
  expect(brief(counting.take([view('a', 0, 0)]))).toEqual(['a e 4 3']);
});

test('numbers wrap as the helper\'s do', () => {
  const counting = countOverrides();
  expect(brief(counting.take([view('a', 2 ** 32 - 1, 0)]))).toEqual([`a e ${2 ** 32 - 1} 0`]);
  counting.anotherLife();
  expect(brief(counting.take([view('a', 2, 0)]))).toEqual(['a e 1 0']);
});
