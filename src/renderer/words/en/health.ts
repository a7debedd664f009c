import { pluralIn } from '../../../contract/language.ts';

const count = pluralIn('en');

/** What is wrong, the worst first. */
export const health = {
  title: 'Health',
  nothing: 'Nothing is wrong.',
  onlyHints: (n: number) => count(n, { one: 'Nothing is wrong; there is # hint.', other: 'Nothing is wrong; there are # hints.' }),
  onlyProblems: (n: number) => count(n, { one: '# problem.', other: '# problems.' }),
  both: (problems: number, hints: number) => `${count(problems, { one: '# problem', other: '# problems' })} and ${count(hints, { one: '# hint', other: '# hints' })}.`,
  well: 'All is well',
  watched: 'The service, the tunnel, the network, certificates, peers and the disk are watched all the time. What goes wrong is shown here, with what to do about it.',
  list: 'Problems and hints',
  goes: 'Problems go by themselves when they are over. Hints can be put away until the app ends.',
  justNow: 'just now',
  since: (span: string) => `for ${span}`,
  aboutConnection: 'about the connection',
  putAway: 'Put away',
  putAwayOf: (title: string) => `Put away: ${title}`,
};
