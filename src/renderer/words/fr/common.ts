import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('fr');

export const common: PageWords['common'] = {
  cancel: 'Annuler',
  close: 'Fermer',
  back: 'Retour',
  more: 'Plus',
  copy: 'Copier',
  unknown: 'inconnu',
  withoutName: 'sans nom',
  noneYet: 'aucun pour l’instant',
  never: 'jamais',
  now: 'maintenant',
  units: ['o', 'ko', 'Mo', 'Go', 'To', 'Po'],
  perSecond: (amount) => `${amount}/s`,
  percent: (figure) => `${figure} %`,
  milliseconds: (figure) => `${figure} ms`,
  seconds: (figure) => `${figure} s`,
  span: { s: (n) => `${n} s`, min: (n) => `${n} min`, h: (n) => `${n} h`, days: (n) => count(n, { one: '# jour', other: '# jours' }) },
  spans: (longer, shorter) => `${longer} ${shorter}`,
  ago: { s: (n) => `il y a ${n} s`, min: (n) => `il y a ${n} min`, h: (n) => `il y a ${n} h`, days: (n) => count(n, { one: 'il y a # jour', other: 'il y a # jours' }) },
  ahead: { s: (n) => `dans ${n} s`, min: (n) => `dans ${n} min`, h: (n) => `dans ${n} h`, days: (n) => count(n, { one: 'dans # jour', other: 'dans # jours' }) },
  ofTotal: (used, total) => `${used} sur ${total}`,
  inUse: (name) => `Utilisation de ${name}`,
  shareUsed: (share) => `${share} utilisés`,
  copyOf: (name, value) => `Copier ${name} : ${value}`,
  copied: (name) => `Copié : ${name}.`,
  notCopied: (name) => ({ what: `Le système n’a pas permis de copier ${name}.`, next: 'Sélectionnez le texte et copiez-le à la main.' }),
  closeMessage: 'Fermer ce message',
};
