import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { guards, runSeed, runSessionSeeds } from './run.ts';

/** Within so many seeds a missing protection must be noticed. */
const seedsMax = 3_000;

test('no seed ends in another world than the wished one', async () => {
  const { seeds, violations } = await runSessionSeeds({ first: 1, count: 300 });
  expect({ seeds, violations }).toEqual({ seeds: 300, violations: [] });
}, 30_000);

test('seeds that once found something stay quiet', async () => {
  const seeds = readFileSync(join(import.meta.dirname, '..', 'seeds', 'session.txt'), 'utf8').split('\n').filter((line) => /^\d/.test(line)).map((line) => Number.parseInt(line, 10));
  for (const seed of seeds) expect({ seed, violations: await runSeed(seed) }).toEqual({ seed, violations: [] });
});

test('the same seed tells the same story', async () => {
  const story = async (): Promise<readonly string[]> => {
    const lines: string[] = [];
    await runSeed(42, undefined, (line) => lines.push(line));
    return lines;
  };
  const first = await story();
  expect(first.length).toBeGreaterThan(10);
  expect(await story()).toEqual(first);
});

for (const guard of guards) {
  test(`without ${guard} some seed fails`, async () => {
    const { seeds, violations } = await runSessionSeeds({ first: 1, count: seedsMax, guard, stopAtFirst: true });
    expect({ guard, seeds, noticed: violations.length > 0 }).toEqual({ guard, seeds, noticed: true });
  }, 60_000);
}
