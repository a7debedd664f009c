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
  nothing: 'Rien n’a été mesuré pendant cette période.',
  nothingYet: 'Rien n’a été mesuré pendant cette période. L’application note une ligne chaque minute tant qu’elle fonctionne.',
  noRoundTrip: 'Aucun aller-retour n’a été mesuré pendant cette période.',
  highest: (value, at) => `en moyenne · maximum ${value} à ${at}`,
  worst: (value, at) => `en moyenne · pire ${value} à ${at}`,
  busiest: (received, sent, at, rate) => `${received} reçus · ${sent} envoyés · pointe à ${at} : ${rate} reçus`,
  direct: (devices) => `${devices} en direct`,
  others: (relayed, away) => `en moyenne · ${relayed} par un relais · ${away} non joints`,
  ways: (direct, relayed, none) => `Joint directement ${direct} du temps, relayé ${relayed}, pas du tout ${none}.`,
  gaps: (measured, hours) => `Mesuré ${measured} sur ${hours} h : pendant les trous, l’application ne fonctionnait pas, l’appareil dormait ou n’était pas connecté.`,
};
