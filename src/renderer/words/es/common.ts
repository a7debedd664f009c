import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('es');

export const common: PageWords['common'] = {
  cancel: 'Cancelar',
  close: 'Cerrar',
  back: 'Volver',
  more: 'Más',
  copy: 'Copiar',
  unknown: 'desconocido',
  withoutName: 'sin nombre',
  noneYet: 'ninguno todavía',
  never: 'nunca',
  now: 'ahora',
  units: ['B', 'kB', 'MB', 'GB', 'TB', 'PB'],
  perSecond: (amount) => `${amount}/s`,
  percent: (figure) => `${figure} %`,
  milliseconds: (figure) => `${figure} ms`,
  seconds: (figure) => `${figure} s`,
  span: { s: (n) => `${n} s`, min: (n) => `${n} min`, h: (n) => `${n} h`, days: (n) => count(n, { one: '# día', other: '# días' }) },
  spans: (longer, shorter) => `${longer} ${shorter}`,
  ago: { s: (n) => `hace ${n} s`, min: (n) => `hace ${n} min`, h: (n) => `hace ${n} h`, days: (n) => count(n, { one: 'hace # día', other: 'hace # días' }) },
  ahead: { s: (n) => `en ${n} s`, min: (n) => `en ${n} min`, h: (n) => `en ${n} h`, days: (n) => count(n, { one: 'en # día', other: 'en # días' }) },
  ofTotal: (used, total) => `${used} de ${total}`,
  inUse: (name) => `Uso de ${name}`,
  shareUsed: (share) => `${share} usado`,
  copyOf: (name, value) => `Copiar ${name}: ${value}`,
  copied: (name) => `Copiado: ${name}.`,
  notCopied: (name) => ({ what: `El sistema no permitió copiar ${name}.`, next: 'Seleccione el texto y cópielo a mano.' }),
  closeMessage: 'Cerrar este mensaje',
};
