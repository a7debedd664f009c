import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('de');

export const health: PageWords['health'] = {
  title: 'Zustand',
  nothing: 'Alles in Ordnung.',
  onlyHints: (n) => count(n, { one: 'Alles in Ordnung; es gibt # Hinweis.', other: 'Alles in Ordnung; es gibt # Hinweise.' }),
  onlyProblems: (n) => count(n, { one: '# Problem.', other: '# Probleme.' }),
  both: (problems, hints) => `${count(problems, { one: '# Problem', other: '# Probleme' })} und ${count(hints, { one: '# Hinweis', other: '# Hinweise' })}.`,
  well: 'Alles in Ordnung',
  watched: 'Dienst, Tunnel, Netzwerk, Zertifikate, Gegenstellen und Datenträger werden ständig beobachtet. Was schiefgeht, steht hier, mit dem, was zu tun ist.',
  list: 'Probleme und Hinweise',
  goes: 'Probleme verschwinden von selbst, wenn sie vorbei sind. Hinweise lassen sich beiseitelegen, bis die App endet.',
  justNow: 'gerade eben',
  since: (span) => `seit ${span}`,
  aboutConnection: 'betrifft die Verbindung',
  putAway: 'Beiseitelegen',
  putAwayOf: (title) => `Beiseitelegen: ${title}`,
};
