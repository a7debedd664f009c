import type { PageWords } from '../en/index.ts';

export const several: PageWords['several'] = {
  connect: 'Se connecter',
  disconnect: 'Se déconnecter',
  save: 'Enregistrer',
  colour: 'Couleur',
  suffix: 'Les noms finissent par',
  option: (name, state) => `${name} – ${state}`,
  optionClear: (name, state) => `${name} – ${state} (en clair)`,
  show: (name, state) => `Afficher ${name} : ${state}`,
  through: (state, device) => `${state}, par ${device}`,
  connectOf: (name) => `Se connecter à ${name}`,
  disconnectOf: (name) => `Se déconnecter de ${name}`,
  atStart: (name) => `Connecter ${name} au démarrage de l’application`,
  names: (name) => `Noms de ${name} dans chaque programme`,
  namesHint: (suffix) => `Pendant la connexion, « ping nas.${suffix} » trouve l’appareil nas. Les autres noms ne changent pas.`,
  namesNot: (problem) => `Pas pour le moment : ${problem}.`,
  frozen: 'connecté, les changements sont gelés',
  phases: { disconnected: 'non connecté', authorising: 'connexion en cours', joining: 'rejoint le réseau', configuring: 'ouvre le tunnel', connected: 'connecté', reconnecting: 'reconnexion en cours', disconnecting: 'déconnexion en cours', blocked: 'connexion impossible' },
  colours: { blue: 'Bleu', green: 'Vert', orange: 'Orangé', violet: 'Violet', teal: 'Sarcelle', red: 'Rouge', pink: 'Rose', brown: 'Marron' },
};
