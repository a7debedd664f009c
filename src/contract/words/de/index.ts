import type { SharedWords } from '../type.ts';
import { failures } from './failures.ts';
import { health } from './health.ts';
import { paths } from './paths.ts';
import { reasons } from './reasons.ts';
import { updates } from './updates.ts';
import { warnings } from './warnings.ts';

export const shared: SharedWords = {
  phrases: {
    at: (it) => ` (${it})`,
    because: (it) => `: ${it}`,
    named: (it) => ` „${it}“`,
    quote: (it) => `„${it}“`,
    aside: (it) => ` (${it})`,
    entered: 'Eingabe',
    reasons,
    fields: {
      address: 'Adresse', name: 'Name', nodeId: 'Gerätename', ipv4Network: 'Adressbereich', grpcPort: 'API-Port',
      raftPort: 'Raft-Port', wireguardPort: 'WireGuard-Port', profile: 'Netzwerk', id: 'Gegenstelle', lines: 'Zahl der Zeilen', logLevel: 'Umfang des Protokolls',
      link: 'Einladung', passphrase: 'Passphrase', note: 'Notiz', uses: 'Zahl der Geräte', expiresInSeconds: 'Gültigkeit der Einladung', file: 'Datei', role: 'Rolle',
      localAddress: 'Lokale Adresse', localPort: 'Lokaler Port', remoteAddress: 'Entfernte Adresse', remotePort: 'Entfernter Port', shares: 'Freigegebene Adresse', relayMbit: 'Grenze des Relays', peer: 'Gegenstelle',
    },
  },
  failures, warnings, health, paths, updates,
};
