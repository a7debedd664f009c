import type { PageWords } from '../en/index.ts';

export const firstRun: PageWords['firstRun'] = {
  welcome: 'Bienvenue dans Webmesh',
  add: 'Ajouter un réseau',
  about: 'Un réseau privé entre vos propres appareils. Pas de compte et pas de serveur à nous : vos appareils le font fonctionner eux-mêmes.',
  create: 'Créer un réseau',
  createAbout: 'Cet appareil en sera le premier. Vous invitez les autres avec un lien, quand vous voulez.',
  name: 'Nom du réseau',
  nameExample: 'Maison',
  deviceName: 'Nom de cet appareil',
  deviceNameExample: 'son nom d’hôte',
  deviceNameHint: 'Lettres, chiffres et traits d’union.',
  range: 'Plage IPv4 du réseau',
  rangeHint: 'Une plage privée qu’aucun de vos réseaux locaux n’utilise.',
  old: 'Ancien réseau en clair',
  oldOn: 'Le rejoindre et le gérer ne sera pas chiffré, et il n’y a pas d’invitations. Seulement pour les programmes qui ne connaissent pas les certificats.',
  oldOff: 'Désactivé : les appareils prouvent leur identité, et tout est chiffré.',
  creating: 'Création…',
  createIt: 'Créer le réseau',
};
