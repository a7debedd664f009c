import { expect, test } from 'vitest';
import { guards, pathRegressions, runPathSeed, runPathSeeds } from './run.ts';

// A taste of `npm run sim -- paths`, which runs thousands of seeds and leaves out every guard.

test('twenty worlds of NATs end with every pair on the best way that there is', async () => {
  const { violations, figures } = await runPathSeeds({ first: 700, count: 20 });
  expect(violations).toEqual([]);
  expect(Object.entries(figures).filter(([, count]) => count === 0)).toEqual([]);
}, 60_000);

test('seeds that once found something stay quiet', async () => {
  for (const seed of pathRegressions()) expect([seed, (await runPathSeed(seed)).violations]).toEqual([seed, []]);
}, 60_000);

test('the same seed tells the same story', async () => {
  const story = async (): Promise<readonly string[]> => {
    const lines: string[] = [];
    await runPathSeed(42, undefined, (line) => lines.push(line));
    return lines;
  };
  const first = await story();
  expect(first.length).toBeGreaterThan(10);
  expect(await story()).toEqual(first);
}, 60_000);

test.each(['hold', 'back-off', 'carriers', 'quiet-offline'] as const)('notices that %s is missing', async (guard) => {
  expect((await runPathSeeds({ first: 1, count: 20, guard, stopAtFirst: true })).violations).not.toEqual([]);
}, 60_000);

test('there are at least ten guards', () => {
  expect(guards.length).toBeGreaterThanOrEqual(10);
});
