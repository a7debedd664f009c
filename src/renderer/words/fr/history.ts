import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('fr');

export const history: PageWords['history'] = {
  title: 'Mesures',
  lastDay: 'Dernières 24 heures',
  reading: 'Lecture…',
  nothingOfPeer: 'Rien n’est encore enregistré pour ce pair. Cela commence avec sa première minute de trafic.',
  choose: 'Période que montrent les graphiques',
  ranges: { live: '2 min', hour: '1 h', day: '24 h' },
  charts: { cpu: 'Processeur', load: 'Charge', memory: 'Mémoire', tunnel: 'Trafic du tunnel', peers: 'Pairs', traffic: 'Trafic', roundTrip: 'Aller-retour' },
  lines: {
    used: 'Utilisé', load: 'Charge', received: 'Reçu', sent: 'Envoyé', highest: 'Maximum', mean: 'Moyenne', direct: 'Directs', relayed: 'Relayés', away: 'Non joints', worst: 'Pire', usual: 'Habituel',
  },
  cores: (n) => count(n, { one: '# cœur', other: '# cœurs' }),
  loads: (five, fifteen) => `${five} sur 5 min · ${fifteen} sur 15 min`,
  inAndOut: (received, sent) => `${received} reçus · ${sent} envoyés`,
  save: 'Exporter 24 h en CSV',
  saving: 'Écriture…',
  savedTo: (path) => `Écrit dans ${path}`,
};
