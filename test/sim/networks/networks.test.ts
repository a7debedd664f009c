import { expect, test } from 'vitest';
import { mutants, networksRegressions, runNetworksSeeds, runSeed } from './run.ts';

// A taste of `npm run sim -- networks`, which runs hundreds of seeds.

/** Within so many seeds each mistake must be noticed. */
const seedsMax = 60;

test('worlds of several networks end as they were wished, and nothing of one touches another', async () => {
  const { violations, figures } = await runNetworksSeeds({ first: 21, count: 20 });
  expect(violations).toEqual([]);
  expect(Object.entries(figures).filter(([, count]) => count === 0)).toEqual([]);
}, 30_000);

test('seeds that once found something stay quiet', async () => {
  for (const seed of networksRegressions()) expect({ seed, violations: await runSeed(seed) }).toEqual({ seed, violations: [] });
});

test('the same seed tells the same story', async () => {
  const story = async (): Promise<readonly string[]> => {
    const lines: string[] = [];
    await runSeed(4, undefined, undefined, (line) => lines.push(line));
    return lines;
  };
  const first = await story();
  expect(first.length).toBeGreaterThan(10);
  expect(await story()).toEqual(first);
});

test.each(mutants)('notices a machine that %s', async (mutant) => {
  expect((await runNetworksSeeds({ first: 1, count: seedsMax, mutant, stopAtFirst: true })).violations).not.toEqual([]);
}, 30_000);
