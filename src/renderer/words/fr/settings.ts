import type { PageWords } from '../en/index.ts';

export const settings: PageWords['settings'] = {
  title: 'Paramètres',
  networks: 'Réseaux',
  start: 'Démarrage',
  startAtLogin: 'Démarrer l’application à l’ouverture de session',
  stayConnected: 'Rester connecté après avoir quitté',
  stayConnectedHint: 'Vos appareils continuent de se joindre ; le prochain démarrage prend le relais.',
  notifications: 'Notifications',
  notify: 'M’avertir',
  notifyHint: 'Seulement quand aucune fenêtre de l’application n’est au premier plan.',
  appearance: 'Apparence',
  theme: 'Thème',
  themes: { system: 'Comme le système', light: 'Clair', dark: 'Sombre' },
  language: 'Langue',
  languageSystem: 'Comme le système',
  diagnostics: 'Diagnostic',
  logLevel: 'Ce que le journal garde',
  levels: { error: 'Erreurs seulement', warn: 'Avertissements aussi', info: 'Ce qui se passe (habituel)', debug: 'Tout, avec noms et adresses' },
  license: 'Logiciel libre sous licence Apache 2.0. WireGuard est une marque déposée de Jason A. Donenfeld.',
};
