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
  list: {
    iceNegotiation: { label: 'Geräten helfen, sich zu treffen (WebRTC)', hint: 'Gibt ein paar Nachrichten weiter, damit zwei Geräte hinter Routern einander finden. Kostet fast nichts.' },
    turnServer: { label: 'Relay-Dienst (TURN)', hint: 'Befördert Pakete für Mitglieder, die sich nicht treffen können. Sie bleiben verschlüsselt; dieses Gerät sieht nur, wie viele es sind.' },
    meshDns: { label: 'Namen von Geräten (Mesh-DNS)', hint: 'Beantwortet Fragen wie „Wo ist nas?“ unter der Adresse dieses Geräts im Netzwerk.' },
    prometheus: { label: 'Messwerte für Prometheus', hint: 'Mitglieder dürfen lesen, wie es diesem Gerät und seinem Tunnel geht.' },
  },
  states: { answers: 'Antwortet jetzt.', starting: 'Gewünscht, antwortet aber noch nicht.', stopping: 'Antwortet noch; wird gerade beendet.', later: 'Startet, wenn dieses Gerät sich verbindet.' },
  trouble: {
    because: (problem) => `Gewünscht, antwortet aber nicht: ${problem}. Es wird von selbst erneut versucht.`,
    portTaken: (port) => `Gewünscht, antwortet aber nicht: Ein anderes Programm auf diesem Gerät hat den Port ${port}. Es wird von selbst erneut versucht.`,
    plain: 'Gewünscht, antwortet aber nicht. Es wird von selbst erneut versucht.',
  },
  typed: { limit: 'geben Sie eine ganze Zahl von 1 bis 10000 ein', present: 'sie steht schon in der Liste' },
  opens: {
    here: (protocol, port) => `Jedes Mitglied darf den ${protocol}-Port ${port} auf diesem Gerät erreichen, auch von einem Programm, das nur für dieses Gerät lauscht.`,
    through: (protocol, port, host) => `Jedes Mitglied darf über dieses Gerät den ${protocol}-Port ${port} von ${host} erreichen, so als fragte dieses Gerät. Die Maschine dort kann beide nicht unterscheiden.`,
  },
};
