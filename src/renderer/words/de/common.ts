import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('de');

export const common: PageWords['common'] = {
  cancel: 'Abbrechen',
  close: 'Schließen',
  back: 'Zurück',
  more: 'Mehr',
  copy: 'Kopieren',
  unknown: 'unbekannt',
  withoutName: 'ohne Namen',
  noneYet: 'noch keiner',
  never: 'nie',
  now: 'jetzt',
  units: ['B', 'kB', 'MB', 'GB', 'TB', 'PB'],
  perSecond: (amount) => `${amount}/s`,
  percent: (figure) => `${figure} %`,
  milliseconds: (figure) => `${figure} ms`,
  seconds: (figure) => `${figure} s`,
  span: { s: (n) => `${n} s`, min: (n) => `${n} min`, h: (n) => `${n} h`, days: (n) => count(n, { one: '# Tag', other: '# Tage' }) },
  spans: (longer, shorter) => `${longer} ${shorter}`,
  ago: { s: (n) => `vor ${n} s`, min: (n) => `vor ${n} min`, h: (n) => `vor ${n} h`, days: (n) => count(n, { one: 'vor # Tag', other: 'vor # Tagen' }) },
  ahead: { s: (n) => `in ${n} s`, min: (n) => `in ${n} min`, h: (n) => `in ${n} h`, days: (n) => count(n, { one: 'in # Tag', other: 'in # Tagen' }) },
  ofTotal: (used, total) => `${used} von ${total}`,
  inUse: (name) => `${name} belegt`,
  shareUsed: (share) => `${share} belegt`,
  copyOf: (name, value) => `Kopieren (${name}): ${value}`,
  copied: (name) => `Kopiert: ${name}.`,
  notCopied: (name) => ({ what: `Das System hat das Kopieren nicht erlaubt: ${name}.`, next: 'Markieren Sie den Text und kopieren Sie ihn von Hand.' }),
  closeMessage: 'Diese Meldung schließen',
};
