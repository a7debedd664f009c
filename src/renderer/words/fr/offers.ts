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
  list: {
    iceNegotiation: { label: 'Aider les appareils à se rencontrer (WebRTC)', hint: 'Transmet quelques messages pour que deux appareils derrière des routeurs se trouvent. Ne coûte presque rien.' },
    turnServer: { label: 'Relais (TURN)', hint: 'Transporte les paquets des membres qui ne peuvent pas se rencontrer. Ils restent chiffrés ; cet appareil voit seulement combien il y en a.' },
    meshDns: { label: 'Noms des appareils (DNS du réseau)', hint: 'Répond à des questions comme « où est nas ?», à l’adresse de cet appareil dans le réseau.' },
    prometheus: { label: 'Mesures pour Prometheus', hint: 'Les membres peuvent lire comment vont cet appareil et son tunnel.' },
  },
  states: { answers: 'Répond maintenant.', starting: 'Demandé, mais ne répond pas encore.', stopping: 'Répond encore ; arrêt en cours.', later: 'Démarre quand cet appareil se connecte.' },
  trouble: {
    because: (problem) => `Demandé, mais ne répond pas : ${problem}. Une nouvelle tentative a lieu d’elle-même.`,
    portTaken: (port) => `Demandé, mais ne répond pas : un autre programme de cet appareil utilise le port ${port}. Une nouvelle tentative a lieu d’elle-même.`,
    plain: 'Demandé, mais ne répond pas. Une nouvelle tentative a lieu d’elle-même.',
  },
  typed: { limit: 'saisissez un nombre entier de 1 à 10000', present: 'elle est déjà dans la liste' },
  opens: {
    here: (protocol, port) => `Chaque membre peut atteindre le port ${protocol} ${port} de cet appareil, même celui d’un programme qui n’écoute que pour cet appareil.`,
    through: (protocol, port, host) => `Chaque membre peut atteindre le port ${protocol} ${port} de ${host} par cet appareil, comme si cet appareil le demandait. Cette machine ne peut pas les distinguer.`,
  },
};
