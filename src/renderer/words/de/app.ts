import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('de');

export const app: PageWords['app'] = {
  skip: 'Zum Inhalt springen',
  screens: 'Ansichten',
  places: { connect: 'Verbinden', peers: 'Gegenstellen', people: 'Personen', device: 'Dieses Gerät', deviceShort: 'Gerät', health: 'Zustand', settings: 'Einstellungen' },
  peers: (n) => count(n, { one: '# Gegenstelle', other: '# Gegenstellen' }),
  waiting: (n) => count(n, { one: '# wartet auf Annahme', other: '# warten auf Annahme' }),
  problems: (n) => count(n, { one: '# Problem', other: '# Probleme' }),
  invite: 'Einladen',
  lost: 'Kontakt zur App verloren; es wird erneut versucht. Sie sehen den letzten Stand.',
  starting: 'Wird gestartet …',
  thisNetwork: 'dieses Netzwerk',
  stopped: 'Diese Ansicht ist stehen geblieben',
  stoppedWords: { what: 'Die Seite ist auf etwas gestoßen, womit sie nicht gerechnet hat. Ihre Verbindung ist nicht betroffen.', next: 'Zeigen Sie die Ansicht erneut an; wenn es wieder auftritt, exportieren Sie unter Einstellungen, Diagnose einen Bericht.' },
  showAgain: 'Erneut anzeigen',
  inClearText: 'Klartext',
  clearText: 'Klartext',
  clearTextSays: 'Klartext.',
  clearTextWhat: (name) => `Beitreten zu ${name} und das Verwalten sind nicht verschlüsselt, und niemand weist sich aus. Der Verkehr im Tunnel ist verschlüsselt.`,
};
