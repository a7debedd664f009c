import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('fr');

export const device: PageWords['device'] = {
  title: 'Cet appareil',
  system: (os, kernel, architecture, upFor) => `${os} · ${kernel} · ${architecture} · allumé depuis ${upFor}`,
  node: 'Nœud',
  notRunning: 'Arrêté. Il démarre quand vous vous connectez.',
  name: 'Nom',
  nameCopied: 'le nom de cet appareil',
  status: 'État',
  running: 'en marche',
  runningFor: (span) => `en marche depuis ${span}`,
  stopped: 'arrêté',
  role: 'Rôle',
  network: 'Réseau',
  addressRange: 'Plage d’adresses',
  version: 'Version',
  tells: 'Ce qu’il annonce au réseau savoir faire',
  noMeasurements: 'Aucune mesure pour l’instant.',
  disks: 'Disques',
  noDisks: 'Aucun trouvé.',
  quorum: {
    title: 'Qui gère le réseau',
    notShared: 'Ce réseau ne dit pas comment il est géré.',
    knownLater: 'Connu quand cet appareil est connecté.',
    leads: 'dirige',
    votes: 'vote',
    keepsCopy: 'garde une copie',
    leadsHere: 'dirige, cet appareil',
    votesHere: 'vote, cet appareil',
    keepsCopyHere: 'garde une copie, cet appareil',
    andMore: (n) => count(n, { one: 'et # autre', other: 'et # autres' }),
    leader: 'Direction',
    copy: 'Copie',
    entry: (term, applied, agreed) => `Mandat ${term}, entrée ${applied} sur ${agreed}.`,
  },
};
