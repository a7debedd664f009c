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
    named: (it) => ` «${it}»`,
    quote: (it) => `«${it}»`,
    aside: (it) => ` (${it})`,
    entered: 'Dato introducido',
    reasons,
    fields: {
      address: 'Dirección', name: 'Nombre', nodeId: 'Nombre del dispositivo', ipv4Network: 'Intervalo de direcciones', grpcPort: 'Puerto de la API',
      raftPort: 'Puerto de Raft', wireguardPort: 'Puerto de WireGuard', profile: 'Red', id: 'Par', lines: 'Número de líneas', logLevel: 'Nivel del registro',
      link: 'Invitación', passphrase: 'Frase de contraseña', note: 'Nota', uses: 'Número de dispositivos', expiresInSeconds: 'Validez de la invitación', file: 'Archivo', role: 'Rol',
      localAddress: 'Dirección local', localPort: 'Puerto local', remoteAddress: 'Dirección remota', remotePort: 'Puerto remoto', shares: 'Dirección compartida', relayMbit: 'Límite del relé', peer: 'Par',
    },
  },
  failures, warnings, health, paths, updates,
};
