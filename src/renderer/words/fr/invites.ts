import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('fr');

export const invites: PageWords['invites'] = {
  roles: {
    guest: { word: 'Invité', why: 'Accède aux appareils du réseau, ne modifie rien.', joins: 'en tant qu’invité' },
    member: { word: 'Membre', why: 'Accède aux appareils et peut aider à faire fonctionner le réseau.', joins: 'en tant que membre' },
    admin: { word: 'Admin', why: 'Peut aussi inviter et accepter des appareils, changer les rôles et exclure des appareils.', joins: 'en tant qu’admin' },
  },
  roleUnknown: { word: 'Inconnu', why: 'Une version plus récente de l’application connaît ce rôle.', joins: 'avec un rôle que cette version ne connaît pas' },
  open: 'Invitations ouvertes',
  noneOpen: 'Aucune n’est ouverte. Le bouton Inviter en crée une en un clic.',
  areOver: 'Invitations terminées',
  over: (n) => count(n, { one: '# invitation terminée', other: '# invitations terminées' }),
  forDevices: (n) => count(n, { one: 'Pour un appareil', other: 'Pour # appareils' }),
  used: (role, uses, usesMax) => `${role}, utilisée ${uses} fois sur ${usesMax}.`,
  usedWithApproval: (role, uses, usesMax) => `${role}, utilisée ${uses} fois sur ${usesMax}, un admin accepte chaque appareil.`,
  made: (ago, name) => `Créée ${ago} par ${name}.`,
  state: { takenBack: 'Annulée', used: 'Utilisée', usedUp: 'Épuisée', tooOld: 'Trop ancienne', goodFor: (span) => `Valable encore ${span}` },
  takeBack: 'Annuler l’invitation',
  takeBackOf: (title) => `Annuler l’invitation : ${title}`,
  takenBack: { what: 'Invitation annulée.', next: 'Son lien ne laisse plus entrer personne.' },
};
