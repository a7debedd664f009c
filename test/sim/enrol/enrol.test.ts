import { expect, test } from 'vitest';
import { mutants, runEnrolSeeds } from './run.ts';
import { runSeed } from './world.ts';

// A taste of `npm run sim -- enrol`, which runs hundreds of seeds and every mutant.

test('ten meshes enrol, approve and revoke through crashes, partitions and lost answers, and keep every promise', async () => {
  const { violations, figures } = await runEnrolSeeds({ first: 700, count: 10 });
  expect(violations).toEqual([]);
  expect(Object.entries(figures).filter(([, count]) => count === 0)).toEqual([]);
}, 60_000);

test('the same seed gives the same run', async () => {
  for (let seed = 1; seed <= 3; seed++) expect([seed, await runSeed(seed)]).toEqual([seed, await runSeed(seed)]);
}, 60_000);

test.each(['does not recognise a retry', 'lets more use an invite than may', 'counts a use in another entry', 'approves whoever was approved', 'enrols without an event'])(
  'notices a mesh that %s', async (mutant) => {
    expect((await runEnrolSeeds({ first: 1, count: 20, mutant, stopAtFirst: true })).violations).not.toEqual([]);
  }, 60_000);

test('there are at least ten mutants', () => {
  expect(Object.keys(mutants).length).toBeGreaterThanOrEqual(10);
});
