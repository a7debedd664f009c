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
    because: (it) => ` : ${it}`,
    named: (it) => ` « ${it} »`,
    quote: (it) => `« ${it} »`,
    aside: (it) => ` (${it})`,
    entered: 'Saisie',
    reasons,
    fields: {
      address: 'Adresse', name: 'Nom', nodeId: 'Nom de l’appareil', ipv4Network: 'Plage d’adresses', grpcPort: 'Port de l’API',
      raftPort: 'Port Raft', wireguardPort: 'Port WireGuard', profile: 'Réseau', id: 'Pair', lines: 'Nombre de lignes', logLevel: 'Niveau du journal',
      link: 'Invitation', passphrase: 'Phrase secrète', note: 'Note', uses: 'Nombre d’appareils', expiresInSeconds: 'Durée de validité de l’invitation', file: 'Fichier', role: 'Rôle',
      localAddress: 'Adresse locale', localPort: 'Port local', remoteAddress: 'Adresse distante', remotePort: 'Port distant', shares: 'Adresse partagée', relayMbit: 'Limite du relais', peer: 'Pair',
    },
  },
  failures, warnings, health, paths, updates,
};
