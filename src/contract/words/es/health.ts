import { pluralIn } from '../../language.ts';
import type { HealthWords } from '../type.ts';

const count = pluralIn('es');

export const health: HealthWords = {
  titles: {
    'helper-missing': 'El servicio del sistema está parado',
    'helper-old': 'El servicio del sistema es antiguo',
    'engine-missing': 'Falta WireGuard',
    'offline': 'Sin red',
    'cannot-connect': 'No se puede conectar',
    'connection-lost': 'Sin conexión en este momento',
    'node-down': 'Una parte de la aplicación está parada',
    'node-port-in-use': 'Un puerto está ocupado',
    'control-plane-lost': 'Los cambios están congelados',
    'not-replicating': 'Los cambios llegan más tarde',
    'peer-unreachable': 'No se alcanzan todos los pares',
    'certificate-expiring': 'El certificado caduca pronto',
    'renewal-failing': 'No se pudo renovar el certificado',
    'udp-blocked': 'Esta red bloquea UDP',
    'service-down': 'Una oferta no responde',
    'dns-not-set': 'Los nombres no funcionan en otros programas',
    'audit-broken': 'El registro de auditoría no encaja',
    'clear-text': 'Sin cifrar',
    'disk-full': 'El disco está casi lleno',
    'device-pending': 'Un dispositivo espera aprobación',
    'device-expiring': 'Un certificado caduca pronto',
    'authority-pending': 'Un dispositivo aún no puede firmar',
    'root-not-exported': 'La clave raíz no tiene copia',
    'file-set-aside': 'Se apartó un archivo dañado',
    'sign-in-needed': 'Esta red pide iniciar sesión',
    'secrets-in-file': 'Las claves están en un archivo',
  },
  fixes: {
    'start-helper': 'Iniciar el servicio…', 'try-again': 'Reintentar', 'renew-now': 'Renovar ahora', 'look-again': 'Buscar de nuevo', 'check-network': 'Comprobar la red', 'see-peers': 'Ver cuáles',
    'open-people': 'Abrir Personas', 'save-root-key': 'Guardar la clave…', 'open-audit': 'Abrir el registro', 'open-offers': 'Ver las ofertas', 'open-networks': 'Ver las redes', 'new-invite': 'Usar otra invitación', 'sign-in': 'Iniciar sesión…', 'other-port': 'Usar otro puerto',
  },
  fixDone: {
    'start-helper': 'Se inició el servicio.', 'renew-now': 'Se renovaron el certificado y la clave del túnel de este dispositivo.', 'look-again': 'Se busca una ruta hacia él.', 'other-port': 'Se eligió otro puerto.',
  },
  severities: { error: 'Fallo', warning: 'Aviso', info: 'Sugerencia' },
  notices: {
    connection: { label: 'Conexión', hint: 'Perdida durante más de un momento, recuperada o imposible.' },
    devices: { label: 'Dispositivos en espera', hint: 'Alguien desea unirse y un administrador tiene que aceptar.' },
    expiry: { label: 'Certificados', hint: 'Uno caduca pronto o no se pudo renovar.' },
    service: { label: 'Este dispositivo', hint: 'El servicio, un puerto, el disco, el registro de auditoría o lo que este dispositivo hace por los demás.' },
  },
  backAgain: { title: 'Webmesh está conectado de nuevo', body: 'Sus dispositivos pueden alcanzarse.' },
  titled: (network, title) => `${network}: ${title}`,
  noticeTitle: (title) => `Webmesh: ${title}`,
  allProblems: (n) => count(n, { one: 'Lo que conviene saber…', other: 'Los # problemas y sugerencias…' }),
};
