import type { PageWords } from '../en/index.ts';

export const offers: PageWords['offers'] = {
  title: 'Ce que cet appareil fait pour les autres',
  knownLater: 'Connu quand un réseau est choisi.',
  forMembers: (network) => `Pour les membres de ${network}, tant que cet appareil est connecté.`,
  of: (label) => `${label} :`,
  atMost: 'Au plus',
  unit: 'Mbit/s pour les autres',
  set: 'Appliquer',
  shares: {
    title: 'Adresses partagées',
    nothing: (network) => `Rien n’est partagé : les membres de ${network} n’atteignent aucun programme par cet appareil.`,
    these: (network) => `Les membres de ${network} atteignent celles-ci par cet appareil, et rien d’autre.`,
    remove: 'Retirer',
    removeOf: (share) => `Retirer ${share}`,
    removed: (share) => ({ what: `${share} n’est plus partagé.`, next: 'Plus personne ne peut s’y connecter par cet appareil.' }),
    protocol: 'Protocole',
    address: 'Adresse',
    port: 'Port partagé',
    share: 'Partager',
  },
};
