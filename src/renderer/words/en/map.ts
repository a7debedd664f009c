import { pluralIn } from '../../../contract/language.ts';

const count = pluralIn('en');

/** The map of peers, in the picture and in words. */
export const map = {
  about: 'How this device reaches the others now.',
  drawn: (n: number) => count(n, { one: '# device is drawn, the others counted; a search or a filter shows fewer.', other: '# devices are drawn, the others counted; a search or a filter shows fewer.' }),
  openOne: 'Open one and ask whom it sees.',
  ask: (name: string) => `Ask ${name} whom it sees`,
  asking: 'Asking…',
  sees: (n: number) => count(n, { one: 'It shook hands with # device of these lately: the dotted lines.', other: 'It shook hands with # devices of these lately: the dotted lines.' }),
  seesNone: 'It shook hands with 0 devices of these lately.',
  more: {
    direct: (n: number) => count(n, { one: '# more device reached directly', other: '# more devices reached directly' }),
    relayed: (n: number) => count(n, { one: '# more device relayed', other: '# more devices relayed' }),
    none: (n: number) => count(n, { one: '# more device not reached', other: '# more devices not reached' }),
  },
  label: (n: number) => count(n, { one: 'Map of # device; arrow keys go from one to the next', other: 'Map of # devices; arrow keys go from one to the next' }),
  mark: (name: string, path: string) => `${name}: ${path}`,
  markOfFavourite: (name: string, path: string) => `${name}: ${path}, favourite`,
  inWords: 'In words',
  through: (name: string) => `Through ${name}`,
  direct: 'Reached directly',
  none: 'Not reached at the moment',
  seenBy: (name: string) => `Seen by ${name}`,
  andMore: (n: number) => count(n, { other: 'and # more; the list shows all.' }),
  andPeers: (n: number) => count(n, { one: 'and # more peer', other: 'and # more peers' }),
};
