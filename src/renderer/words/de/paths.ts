import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('de');

export const paths: PageWords['paths'] = {
  path: 'Weg',
  pathsTo: (name) => `Wege zu ${name}`,
  roundTrip: 'Laufzeit',
  lost: 'Verloren',
  inUse: 'in Gebrauch',
  nothing: 'Es gibt keinen Weg, der sich messen lässt.',
  packets: (bytes) => `Pakete bis ${bytes} Byte kommen durch.`,
  range: (least, most) => `${least} bis ${most}`,
  loss: (lost, sent) => `${lost} von ${sent}`,
  trips: (span, least, most, median) => `Laufzeit während ${span}: ${least} bis ${most}, die Hälfte unter ${median}.`,
  silent: (times, all) => `Keine Antwort in ${times} von ${all} Fällen.`,
  questions: { relay: 'Warum über ein Relay?', ice: 'Warum nicht direkt?', looking: 'Was wurde versucht?', none: 'Warum kein Weg?', silent: 'Was ist passiert?' },
  moreReasons: (n) => count(n, { one: '# weiterer Grund', other: '# weitere Gründe' }),
  lookAgain: 'Erneut suchen',
  looking: 'Ein besserer Weg wird gesucht.',
};
