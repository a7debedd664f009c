import { type Reason, reasons } from '../../reasons.ts';
import type { SharedWords } from '../type.ts';
import { failures } from './failures.ts';
import { health } from './health.ts';
import { paths } from './paths.ts';
import { updates } from './updates.ts';
import { warnings } from './warnings.ts';

export const shared: SharedWords = {
  phrases: {
    at: (it) => ` at ${it}`,
    because: (it) => `: ${it}`,
    named: (it) => ` “${it}”`,
    quote: (it) => `“${it}”`,
    aside: (it) => ` (${it})`,
    entered: 'What was entered',
    reasons: Object.fromEntries(reasons.map((reason) => [reason, reason])) as Record<Reason, string>,
    fields: {
      address: 'the address', name: 'the name', nodeId: 'the device name', ipv4Network: 'the address range', grpcPort: 'the API port',
      raftPort: 'the Raft port', wireguardPort: 'the WireGuard port', profile: 'the network', id: 'the peer', lines: 'the number of lines', logLevel: 'the log level',
      link: 'the invite', passphrase: 'the passphrase', note: 'the note', uses: 'the number of devices', expiresInSeconds: 'how long the invite is good', file: 'the file', role: 'the role',
      localAddress: 'the local address', localPort: 'the local port', remoteAddress: 'the remote address', remotePort: 'the remote port', shares: 'the shared address', relayMbit: 'the limit of the relay', peer: 'the peer',
    },
  },
  failures, warnings, health, paths, updates,
};
