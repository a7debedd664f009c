import { expect, test } from 'vitest';
import { between, chance, seeded } from '../base/random.ts';
import { isMajority, majority, majorityIndex, tally } from './quorum.ts';

/** The same questions answered without any cleverness: try every index, count one by one. */
const dumb = {
  majorityIndex: (voters: readonly string[], match: ReadonlyMap<string, number>): number => {
    for (let index = 20; index > 0; index--) {
      let holders = 0;
      for (const id of voters) if ((match.get(id) ?? 0) >= index) holders++;
      if (holders * 2 > voters.length) return index;
    }
    return 0;
  },
  tally: (voters: readonly string[], votes: ReadonlyMap<string, boolean>): string => {
    const yes = voters.filter((id) => votes.get(id) === true).length;
    const unknown = voters.filter((id) => !votes.has(id)).length;
    if (yes * 2 > voters.length) return 'won';
    return (yes + unknown) * 2 > voters.length ? 'open' : 'lost';
  },
};

test('agrees with a dumb twin on fifty thousand random cases', () => {
  const dice = seeded(42);
  const differences: unknown[] = [];
  for (let i = 0; i < 50_000; i++) {
    const voters = Array.from({ length: between(dice, 1, 9) }, (_, n) => `n${n}`);
    const match = new Map(voters.map((id) => [id, between(dice, 0, 20)]));
    const votes = new Map(voters.filter(() => chance(dice, 0.7)).map((id) => [id, chance(dice, 0.5)]));
    // Somebody who has no vote must change nothing.
    match.set('stranger', 20);
    votes.set('stranger', true);
    const got = [majorityIndex(voters, (id) => match.get(id) ?? 0), tally(voters, votes)];
    const twin = [dumb.majorityIndex(voters, match), dumb.tally(voters, votes)];
    if (got.join() !== twin.join()) differences.push({ voters, match, votes, got, twin });
  }
  expect(differences).toEqual([]);
});

test('two majorities of the same voters always share a member', () => {
  for (let voters = 1; voters <= 9; voters++) expect(2 * majority(voters)).toBeGreaterThan(voters);
});

test('nobody is a majority of nothing', () => {
  expect([majorityIndex([], () => 9), isMajority([], () => true), tally([], new Map())]).toEqual([0, false, 'lost']);
});
