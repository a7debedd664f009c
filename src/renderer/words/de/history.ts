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
  nothing: 'In dieser Zeit wurde nichts gemessen.',
  nothingYet: 'In dieser Zeit wurde nichts gemessen. Die App schreibt jede Minute eine Zeile auf, solange sie läuft.',
  noRoundTrip: 'In dieser Zeit wurde keine Laufzeit gemessen.',
  highest: (value, at) => `im Mittel · Höchstwert ${value} um ${at}`,
  worst: (value, at) => `im Mittel · längste ${value} um ${at}`,
  busiest: (received, sent, at, rate) => `${received} herein · ${sent} hinaus · am meisten um ${at}: ${rate} herein`,
  direct: (devices) => `${devices} direkt`,
  others: (relayed, away) => `im Mittel · ${relayed} über ein Relay · ${away} nicht erreicht`,
  ways: (direct, relayed, none) => `${direct} der Zeit direkt erreicht, ${relayed} über ein Relay, ${none} gar nicht.`,
  gaps: (measured, hours) => `Gemessen wurden ${measured} von ${hours} h: In den Lücken lief die App nicht, das Gerät schlief oder war nicht verbunden.`,
};
