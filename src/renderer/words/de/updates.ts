import type { PageWords } from '../en/index.ts';

export const updates: PageWords['updates'] = {
  title: 'Neue Versionen',
  tell: 'Auf neuere Versionen hinweisen',
  tellHint: 'Die App sieht dann einmal am Tag nach. Der Ort, den sie fragt, sieht die Adresse dieses Netzes und sonst nichts. Von selbst wird nichts heruntergeladen oder installiert.',
  look: 'Jetzt nachsehen',
  download: (size) => `Herunterladen (${size})`,
  stop: 'Anhalten',
  dismiss: 'Beiseitelegen',
  remove: 'Datei entfernen',
  progress: 'Herunterladen der neueren Version',
  command: 'wie es installiert wird',
  open: 'Ansehen, was neu ist',
};
