import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('de');

export const invites: PageWords['invites'] = {
  roles: {
    guest: { word: 'Gast', why: 'Erreicht die Geräte des Netzwerks, ändert nichts.', joins: 'als Gast' },
    member: { word: 'Mitglied', why: 'Erreicht die Geräte und kann das Netzwerk mitbetreiben.', joins: 'als Mitglied' },
    admin: { word: 'Admin', why: 'Kann außerdem Geräte einladen und annehmen, Rollen ändern und Geräte ausschließen.', joins: 'als Admin' },
  },
  roleUnknown: { word: 'Unbekannt', why: 'Eine neuere Version der App kennt diese Rolle.', joins: 'mit einer Rolle, die diese Version nicht kennt,' },
  open: 'Offene Einladungen',
  noneOpen: 'Keine ist offen. Ein Klick auf „Einladen“ erstellt eine.',
  areOver: 'Abgelaufene Einladungen',
  over: (n) => count(n, { one: '# abgelaufene Einladung', other: '# abgelaufene Einladungen' }),
  forDevices: (n) => count(n, { one: 'Für ein Gerät', other: 'Für # Geräte' }),
  used: (role, uses, usesMax) => `${role}, ${uses} von ${usesMax} benutzt.`,
  usedWithApproval: (role, uses, usesMax) => `${role}, ${uses} von ${usesMax} benutzt, ein Admin nimmt jedes Gerät an.`,
  made: (ago, name) => `Erstellt ${ago} von ${name}.`,
  state: { takenBack: 'Zurückgenommen', used: 'Benutzt', usedUp: 'Aufgebraucht', tooOld: 'Zu alt', goodFor: (span) => `Noch ${span} gültig` },
  takeBack: 'Zurücknehmen',
  takeBackOf: (title) => `Zurücknehmen: ${title}`,
  takenBack: { what: 'Zurückgenommen.', next: 'Der Link lässt niemanden mehr herein.' },
};
