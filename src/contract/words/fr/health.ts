import { pluralIn } from '../../language.ts';
import type { HealthWords } from '../type.ts';

const count = pluralIn('fr');

export const health: HealthWords = {
  titles: {
    'helper-missing': 'Le service système n’est pas lancé',
    'helper-old': 'Le service système est trop ancien',
    'engine-missing': 'WireGuard manque',
    'offline': 'Pas de réseau',
    'cannot-connect': 'Connexion impossible',
    'connection-lost': 'Non connecté en ce moment',
    'node-down': 'Une partie de l’application est arrêtée',
    'node-port-in-use': 'Un port est occupé',
    'control-plane-lost': 'Les changements sont gelés',
    'not-replicating': 'Les changements arrivent plus tard',
    'peer-unreachable': 'Certains pairs sont injoignables',
    'certificate-expiring': 'Le certificat expire bientôt',
    'renewal-failing': 'Le certificat n’a pas été renouvelé',
    'udp-blocked': 'Ce réseau bloque UDP',
    'service-down': 'Une offre ne répond pas',
    'dns-not-set': 'Les noms ne fonctionnent pas dans les autres programmes',
    'audit-broken': 'Le journal d’audit est incohérent',
    'clear-text': 'En clair',
    'disk-full': 'Le disque est presque plein',
    'device-pending': 'Un appareil attend d’être accepté',
    'device-expiring': 'Un certificat expire bientôt',
    'authority-pending': 'Un appareil ne peut pas encore signer',
    'root-not-exported': 'La clé racine n’a pas de copie',
    'file-set-aside': 'Un fichier endommagé est mis de côté',
    'sign-in-needed': 'Ce réseau demande de s’identifier',
    'secrets-in-file': 'Les clés sont dans un fichier',
  },
  fixes: {
    'start-helper': 'Démarrer le service…', 'try-again': 'Réessayer', 'renew-now': 'Renouveler maintenant', 'look-again': 'Chercher à nouveau', 'check-network': 'Vérifier le réseau', 'see-peers': 'Voir lesquels',
    'open-people': 'Ouvrir Personnes', 'save-root-key': 'Enregistrer la clé…', 'open-audit': 'Ouvrir le journal', 'open-offers': 'Voir les offres', 'open-networks': 'Voir les réseaux', 'new-invite': 'Utiliser une autre invitation', 'sign-in': 'S’identifier…', 'other-port': 'Utiliser un autre port',
  },
  fixDone: {
    'start-helper': 'Le service a été démarré.', 'renew-now': 'Le certificat et la clé de tunnel de cet appareil ont été renouvelés.', 'look-again': 'Recherche d’un chemin vers lui.', 'other-port': 'Un autre port a été choisi.',
  },
  severities: { error: 'Erreur', warning: 'Avertissement', info: 'Conseil' },
  notices: {
    connection: { label: 'Connexion', hint: 'Perdue plus d’un instant, revenue ou impossible.' },
    devices: { label: 'Appareils en attente', hint: 'Quelqu’un souhaite rejoindre le réseau et un admin doit accepter.' },
    expiry: { label: 'Certificats', hint: 'L’un expire bientôt ou n’a pas pu être renouvelé.' },
    service: { label: 'Cet appareil', hint: 'Le service, un port, le disque, le journal d’audit ou ce que cet appareil fait pour les autres.' },
  },
  backAgain: { title: 'Webmesh est de nouveau connecté', body: 'Vos appareils peuvent se joindre.' },
  titled: (network, title) => `${network} : ${title}`,
  noticeTitle: (title) => `Webmesh : ${title}`,
  allProblems: (n) => count(n, { one: 'Ce qu’il faut savoir…', other: 'Les # problèmes et conseils…' }),
};
