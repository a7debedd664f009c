import type { PageWords } from '../en/index.ts';

export const offers: PageWords['offers'] = {
  title: 'Was dieses Gerät für andere tut',
  knownLater: 'Bekannt, sobald ein Netzwerk gewählt ist.',
  forMembers: (network) => `Für Mitglieder von ${network}, solange dieses Gerät verbunden ist.`,
  of: (label) => `${label}:`,
  atMost: 'Höchstens',
  unit: 'Mbit/s für andere',
  set: 'Festlegen',
  shares: {
    title: 'Freigegebene Adressen',
    nothing: (network) => `Nichts ist freigegeben: Mitglieder von ${network} erreichen über dieses Gerät kein Programm.`,
    these: (network) => `Mitglieder von ${network} erreichen über dieses Gerät diese Adressen und sonst nichts.`,
    remove: 'Entfernen',
    removeOf: (share) => `${share} entfernen`,
    removed: (share) => ({ what: `${share} ist nicht mehr freigegeben.`, next: 'Über dieses Gerät kann sich niemand mehr damit verbinden.' }),
    protocol: 'Protokoll',
    address: 'Adresse',
    port: 'Port',
    share: 'Freigeben',
  },
};
