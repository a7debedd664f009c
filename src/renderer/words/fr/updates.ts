import type { PageWords } from '../en/index.ts';

export const updates: PageWords['updates'] = {
  title: 'Mises à jour',
  tell: 'Me signaler les nouvelles versions',
  tellHint: 'L’application regarde alors une fois par jour. L’endroit interrogé voit l’adresse de ce réseau et rien d’autre. Rien n’est téléchargé ni installé de soi-même.',
  look: 'Chercher maintenant',
  download: (size) => `Télécharger (${size})`,
  stop: 'Arrêter',
  dismiss: 'Écarter',
  remove: 'Supprimer le fichier',
  progress: 'Téléchargement de la nouvelle version',
  command: 'comment l’installer',
  open: 'Voir les nouveautés',
};
