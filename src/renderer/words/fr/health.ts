import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('fr');

export const health: PageWords['health'] = {
  title: 'État',
  nothing: 'Tout va bien.',
  onlyHints: (n) => count(n, { one: 'Tout va bien ; il y a # conseil.', other: 'Tout va bien ; il y a # conseils.' }),
  onlyProblems: (n) => count(n, { one: '# problème.', other: '# problèmes.' }),
  both: (problems, hints) => `${count(problems, { one: '# problème', other: '# problèmes' })} et ${count(hints, { one: '# conseil', other: '# conseils' })}.`,
  well: 'Tout va bien',
  watched: 'Le service, le tunnel, le réseau, les certificats, les pairs et le disque sont surveillés en permanence. Ce qui ne va pas s’affiche ici, avec ce qu’il faut faire.',
  list: 'Problèmes et conseils',
  goes: 'Les problèmes disparaissent tout seuls quand ils sont passés. Les conseils peuvent être écartés jusqu’à la fin de l’application.',
  justNow: 'à l’instant',
  since: (span) => `depuis ${span}`,
  aboutConnection: 'concerne la connexion',
  putAway: 'Écarter',
  putAwayOf: (title) => `Écarter : ${title}`,
};
