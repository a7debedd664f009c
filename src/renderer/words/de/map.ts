import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('de');

export const map: PageWords['map'] = {
  about: 'Wie dieses Gerät die anderen jetzt erreicht.',
  drawn: (n) => count(n, { one: '# Gerät ist gezeichnet, die anderen sind gezählt; eine Suche oder ein Filter zeigt weniger.', other: '# Geräte sind gezeichnet, die anderen gezählt; eine Suche oder ein Filter zeigt weniger.' }),
  openOne: 'Öffnen Sie eines und fragen Sie, wen es sieht.',
  ask: (name) => `${name} fragen, wen es sieht`,
  asking: 'Wird gefragt …',
  sees: (n) => count(n, { one: 'Es hatte kürzlich einen Handshake mit # Gerät von diesen: die gepunkteten Linien.', other: 'Es hatte kürzlich einen Handshake mit # Geräten von diesen: die gepunkteten Linien.' }),
  seesNone: 'Es hatte kürzlich mit keinem dieser Geräte einen Handshake.',
  more: {
    direct: (n) => count(n, { one: '# weiteres Gerät direkt erreicht', other: '# weitere Geräte direkt erreicht' }),
    relayed: (n) => count(n, { one: '# weiteres Gerät über ein Relay', other: '# weitere Geräte über ein Relay' }),
    none: (n) => count(n, { one: '# weiteres Gerät nicht erreicht', other: '# weitere Geräte nicht erreicht' }),
  },
  label: (n) => count(n, { one: 'Karte mit # Gerät; Pfeiltasten gehen von einem zum nächsten', other: 'Karte mit # Geräten; Pfeiltasten gehen von einem zum nächsten' }),
  mark: (name, path) => `${name}: ${path}`,
  markOfFavourite: (name, path) => `${name}: ${path}, Favorit`,
  inWords: 'In Worten',
  through: (name) => `Über ${name}`,
  direct: 'Direkt erreicht',
  none: 'Im Moment nicht erreicht',
  seenBy: (name) => `Gesehen von ${name}`,
  andMore: (n) => count(n, { other: 'und # weitere; die Liste zeigt alle.' }),
  andPeers: (n) => count(n, { one: 'und # weitere Gegenstelle', other: 'und # weitere Gegenstellen' }),
};
