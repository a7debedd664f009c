import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('de');

export const device: PageWords['device'] = {
  title: 'Dieses Gerät',
  system: (os, kernel, architecture, upFor) => `${os} · ${kernel} · ${architecture} · Betriebszeit ${upFor}`,
  node: 'Knoten',
  notRunning: 'Läuft nicht. Er startet, wenn Sie sich verbinden.',
  name: 'Name',
  nameCopied: 'Name dieses Geräts',
  status: 'Status',
  running: 'läuft',
  runningFor: (span) => `läuft, Betriebszeit ${span}`,
  stopped: 'angehalten',
  role: 'Rolle',
  network: 'Netzwerk',
  addressRange: 'Adressbereich',
  version: 'Version',
  tells: 'Was es dem Netzwerk anbietet',
  noMeasurements: 'Noch keine Messwerte.',
  disks: 'Datenträger',
  noDisks: 'Keine gefunden.',
  quorum: {
    title: 'Wer das Netzwerk verwaltet',
    notShared: 'Dieses Netzwerk teilt nicht mit, wie es verwaltet wird.',
    knownLater: 'Bekannt, solange dieses Gerät verbunden ist.',
    leads: 'leitet',
    votes: 'stimmt ab',
    keepsCopy: 'hält eine Kopie',
    leadsHere: 'leitet, dieses Gerät',
    votesHere: 'stimmt ab, dieses Gerät',
    keepsCopyHere: 'hält eine Kopie, dieses Gerät',
    andMore: (n) => count(n, { one: 'und # weiteres', other: 'und # weitere' }),
    leader: 'Leitung',
    copy: 'Kopie',
    entry: (term, applied, agreed) => `Amtszeit ${term}, Eintrag ${applied} von ${agreed}.`,
  },
};
