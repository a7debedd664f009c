import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('de');

export const history: PageWords['history'] = {
  title: 'Messungen',
  lastDay: 'Letzte 24 Stunden',
  reading: 'Wird gelesen …',
  nothingOfPeer: 'Von dieser Gegenstelle ist noch nichts aufgezeichnet. Es beginnt mit der ersten Minute, in der Daten fließen.',
  choose: 'Zeitraum der Diagramme',
  ranges: { live: '2 min', hour: '1 h', day: '24 h' },
  charts: { cpu: 'Prozessor', load: 'Last', memory: 'Speicher', tunnel: 'Tunnel', peers: 'Gegenstellen', traffic: 'Datenmenge', roundTrip: 'Laufzeit' },
  lines: {
    used: 'Auslastung', load: 'Last', received: 'Empfangen', sent: 'Gesendet', highest: 'Höchstwert', mean: 'Mittel', direct: 'Direkt', relayed: 'Über ein Relay', away: 'Nicht erreicht', worst: 'Längste', usual: 'Übliche',
  },
  cores: (n) => count(n, { one: '# Kern', other: '# Kerne' }),
  loads: (five, fifteen) => `${five} über 5 min · ${fifteen} über 15 min`,
  inAndOut: (received, sent) => `${received} herein · ${sent} hinaus`,
  save: '24 h als CSV exportieren',
  saving: 'Wird geschrieben …',
  savedTo: (path) => `Geschrieben nach ${path}`,
};
