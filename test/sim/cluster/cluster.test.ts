import { expect, test } from 'vitest';
import { hunt, mutants } from './mutants.ts';
import { regressionSeeds, runClusterSeeds, traceClusterSeed } from './run.ts';
import { runSeed } from './world.ts';

// A taste of `npm run sim`, which runs thousands of seeds and every mutant.

test('fifty clusters live through their chaos, converge and stay quiet', () => {
  const { violations, figures } = runClusterSeeds({ first: 5_000, count: 50 });
  expect(violations).toEqual([]);
  const idle = Object.entries(figures).filter(([, count]) => count === 0);
  expect(idle).toEqual([]);
}, 60_000);

test('seeds that once found something find nothing now', () => {
  const found = regressionSeeds().flatMap((seed) => runClusterSeeds({ first: seed, count: 1 }).violations);
  expect(found).toEqual([]);
}, 60_000);

test('the same seed gives the same run, event by event', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const [once, again] = [runSeed(seed), runSeed(seed, {}, true)];
    expect([seed, again.traceHash, again.events, again.figures]).toEqual([seed, once.traceHash, once.events, once.figures]);
  }
}, 60_000);

test.each(['votes twice in a term', 'acknowledges before storing', 'commits with half', 'does not compare the entry before', 'takes proposals while handing over'])(
  'notices a member that %s', (mutant) => {
    expect(hunt(mutant, 1, 60).outcome?.violation).toBeTruthy();
  }, 60_000);

test('a violation comes with its story', () => {
  const story = traceClusterSeed(1, 'commits with half', 20);
  expect(story.at(-1)).toMatch(/^VIOLATION commit-rule/);
  expect(story.some((line) => line.includes('append'))).toBe(true);
});

test('there are at least fifteen mutants', () => {
  expect(Object.keys(mutants).length).toBeGreaterThanOrEqual(15);
});
