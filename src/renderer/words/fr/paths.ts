import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('fr');

export const paths: PageWords['paths'] = {
  path: 'Chemin',
  pathsTo: (name) => `Chemins vers ${name}`,
  roundTrip: 'Aller-retour',
  lost: 'Perdus',
  inUse: 'utilisé',
  nothing: 'Il n’y a aucun chemin à mesurer.',
  packets: (bytes) => `Les paquets jusqu’à ${bytes} octets passent.`,
  range: (least, most) => `${least} à ${most}`,
  loss: (lost, sent) => `${lost} sur ${sent}`,
  trips: (span, least, most, median) => `Aller-retour sur ${span} : ${least} à ${most}, la moitié sous ${median}.`,
  silent: (times, all) => `Pas de réponse ${times} fois sur ${all}.`,
  questions: { relay: 'Pourquoi relayé ?', ice: 'Pourquoi pas direct ?', looking: 'Qu’est-ce qui a été essayé ?', none: 'Pourquoi aucun chemin ?', silent: 'Que s’est-il passé ?' },
  moreReasons: (n) => count(n, { one: '# autre raison', other: '# autres raisons' }),
  lookAgain: 'Chercher à nouveau',
  looking: 'Recherche d’un meilleur chemin en cours.',
};
