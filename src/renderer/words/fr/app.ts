import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('fr');

export const app: PageWords['app'] = {
  skip: 'Aller au contenu',
  screens: 'Écrans',
  places: { connect: 'Connexion', peers: 'Pairs', people: 'Personnes', device: 'Cet appareil', deviceShort: 'Appareil', health: 'État', settings: 'Paramètres' },
  peers: (n) => count(n, { one: '# pair', other: '# pairs' }),
  waiting: (n) => count(n, { one: '# en attente d’approbation', other: '# en attente d’approbation' }),
  problems: (n) => count(n, { one: '# problème', other: '# problèmes' }),
  invite: 'Inviter',
  lost: 'Contact perdu avec l’application ; nouvelle tentative en cours. Vous voyez le dernier état connu.',
  starting: 'Démarrage…',
  thisNetwork: 'ce réseau',
  stopped: 'Cet écran s’est arrêté',
  stoppedWords: { what: 'La page a rencontré quelque chose d’inattendu. Votre connexion n’est pas touchée.', next: 'Affichez l’écran à nouveau ; si cela se reproduit, exportez un rapport sous Paramètres, Diagnostic.' },
  showAgain: 'Afficher à nouveau',
  inClearText: 'en clair',
  clearText: 'En clair',
  clearTextSays: 'En clair.',
  clearTextWhat: (name) => `Rejoindre et gérer ${name} n’est pas chiffré, et personne ne prouve son identité. Le trafic dans le tunnel est chiffré.`,
};
