import type { Reader, Words } from '../../detail.ts';
import { pluralIn } from '../../language.ts';
import type { WarningCode } from '../../state.ts';
import { failures } from './failures.ts';

const count = pluralIn('es');

const waits = 'La aplicación sigue intentándolo por sí sola; no hay que hacer nada.';
const trafficOff = 'El tráfico hacia esta red está desactivado; el resto del tráfico no se ve afectado.';
const trafficElsewhere = 'El tráfico fuera del túnel no se ve afectado.';
const trafficKept = 'El tráfico entre los dispositivos no se ve afectado.';

const serviceNames: readonly (readonly [string, string])[] = [
  ['iceNegotiation', 'ayuda para negociar canales de datos'], ['turnServer', 'un relé'], ['meshDns', 'nombres de la red (DNS)'], ['prometheus', 'medidas para Prometheus'],
];

function told(d: Reader): Words | undefined {
  const code = d.failure();
  return code && failures[code](d);
}

function ends(d: Reader): string {
  const days = d.number('days');
  if (days === null) return 'caduca pronto';
  if (days < 0) return 'caducó';
  return days < 1 ? 'caduca hoy' : count(Math.floor(days), { one: 'caduca en # día', other: 'caduca en # días' });
}

function isOver(d: Reader): boolean {
  return (d.number('days') ?? 0) < 0;
}

export const warnings: Readonly<Record<WarningCode, (d: Reader) => Words>> = {
  'clear-text': (d) => ({
    what: `La unión a la red${d.named('name', 'profile')} y su administración no están cifradas. El tráfico dentro del túnel sí.`,
    next: 'Úsela solo entre equipos y en redes de confianza.',
  }),
  'helper-missing': (d) => {
    for (const code of ['auth.not-permitted', 'helper.not-trusted'] as const) if (d.is('failure', code)) return failures[code](d);
    return { what: `El servicio del sistema que crea el túnel no está en marcha, así que este dispositivo no se puede conectar. ${trafficElsewhere}`, next: 'Inicie el servicio. La aplicación lo nota por sí sola.' };
  },
  'helper-old': (d) => ({
    what: `El servicio del sistema${d.aside('version')} es más antiguo que la aplicación, así que puede que algo nuevo no funcione. ${trafficKept}`,
    next: 'Reinicie este dispositivo o el servicio; si sigue igual, instale de nuevo la aplicación.',
  }),
  'engine-missing': (d) => ({
    what: `Este sistema no tiene un WireGuard utilizable, ni el módulo del núcleo ni wireguard-go${d.because()}. ${trafficElsewhere}`,
    next: 'Instale WireGuard (en Debian y Ubuntu: el paquete wireguard o wireguard-go; en Windows y macOS: de nuevo esta aplicación, que lo trae).',
  }),
  'offline': () => ({
    what: 'Este dispositivo no tiene red, así que no se puede alcanzar ningún otro. No se envía nada, así que nada corre peligro.',
    next: 'Compruebe el cable o la red inalámbrica. La aplicación continúa por sí sola cuando vuelve la red.',
  }),
  'cannot-connect': (d) => told(d) ?? { what: `Este dispositivo no se puede conectar. ${trafficOff}`, next: 'Inténtelo de nuevo.' },
  'connection-lost': (d) => ({ what: told(d)?.what ?? `Se perdió la conexión con la red. ${trafficOff}`, next: waits }),
  'node-down': (d) => ({
    what: `La parte de la aplicación que participa en la red no está en marcha${d.because()}. Los túneles existentes siguen funcionando.`,
    next: `Se está iniciando de nuevo. ${waits}`,
  }),
  'node-port-in-use': (d) => ({
    what: `Otro programa en este dispositivo ya usa ${d.with(['port'], (port) => `el puerto TCP ${port}`) || 'un puerto'}, así que otros dispositivos no alcanzan aquí el nodo de la red. Los túneles existentes siguen funcionando.`,
    next: 'Detenga ese programa; la aplicación lo nota por sí sola. O añada la red otra vez con otro puerto.',
  }),
  'control-plane-lost': () => ({
    what: 'Los cambios están congelados, el tráfico va bien: no se alcanzan los nodos que administran la red.',
    next: 'Los dispositivos se siguen alcanzando. Unirse, salir y los ajustes de la red esperan hasta que vuelvan los nodos.',
  }),
  'not-replicating': () => ({
    what: 'Esta red no envía los cambios por sí sola, así que la aplicación pide la lista de pares cada pocos segundos. El tráfico va bien.',
    next: 'Los pares nuevos aparecen algo más tarde de lo habitual. Una actualización de los nodos de la red lo resolvería.',
  }),
  'peer-unreachable': (d) => ({
    what: d.many('count') > 1 ? count(d.many('count'), { other: '# pares no se pueden alcanzar en este momento. Los demás no se ven afectados.' }) : `${d.quote(['peer'], 'Un par')} no se puede alcanzar en este momento. Los demás no se ven afectados.`,
    next: 'Abra Pares para ver cuáles y por qué.',
  }),
  'file-set-aside': (d) => ({
    what: `Un archivo de la aplicación estaba dañado${d.at('path', 'file', 'socket')}. Se apartó y la aplicación se inició con sus valores predeterminados.`,
    next: `No se borró nada${d.at('keptAs')}. Corrija el archivo y devuélvalo a su sitio si necesita su contenido.`,
  }),
  'disk-full': (d) => ({
    what: `El disco${d.at('path')} está casi lleno. ${trafficKept}`,
    next: 'Haga algo de sitio: lo que cambia en la red solo se puede guardar mientras haya espacio.',
  }),
  'certificate-expiring': (d) => ({
    what: `El certificado de este dispositivo ${ends(d)}. ${isOver(d) ? 'Solo sirve para su propia renovación.' : 'Hasta entonces funciona todo.'}`,
    next: 'Se renueva por sí solo mientras la red se pueda alcanzar; conéctese y deje la aplicación abierta un minuto.',
  }),
  'device-expiring': (d) => ({
    what: d.many('count') > 1 ? count(d.many('count'), { other: `El certificado de # dispositivos ${ends(d)}.` }) : `El certificado de ${d.quote(['name', 'id', 'device'], 'un dispositivo')} ${ends(d)}.`,
    next: 'Se renueva por sí solo cuando ese dispositivo está encendido y conectado. Un dispositivo ausente demasiado tiempo necesita una invitación nueva.',
  }),
  'device-pending': (d) => ({
    what: d.many('count') > 1 ? count(d.many('count'), { other: '# dispositivos desean unirse y esperan a un administrador.' }) : `${d.quote(['name', 'id', 'device'], 'Un dispositivo')} desea unirse y espera a un administrador.`,
    next: 'Abra Personas, compare la huella con la persona y después acepte o rechace.',
  }),
  'authority-pending': (d) => ({
    what: d.many('count') > 1 ? count(d.many('count'), { other: '# dispositivos que administran la red aún no pueden firmar para dispositivos nuevos. Todo lo demás funciona.' })
      : `${d.quote(['node', 'id', 'name'], 'Un dispositivo')} administra la red y aún no puede firmar para dispositivos nuevos. Todo lo demás funciona.`,
    next: 'Conecte el dispositivo que guarda la clave raíz; lo concede por sí solo.',
  }),
  'root-not-exported': () => ({
    what: 'La clave raíz de esta red solo existe en este dispositivo. Si se pierde, nadie podrá autorizar la firma de dispositivos nuevos.',
    next: 'Abra Personas y guarde la clave raíz en un archivo con una frase de contraseña; conserve el archivo en otro lugar.',
  }),
  'renewal-failing': (d) => ({
    what: `No se pudo renovar el certificado de este dispositivo${d.because()}. El certificado ${ends(d)}; ${isOver(d) ? 'solo sirve para su propia renovación' : 'hasta entonces funciona todo'}.`,
    next: waits,
  }),
  'sign-in-needed': (d) => ({
    what: `La red local de este dispositivo responde en lugar de la suya${d.with(['host'], (host) => ` y remite a ${host}`)}. Probablemente pide iniciar sesión antes, como en hoteles y trenes. ${trafficOff}`,
    next: 'Inicie sesión en su página, pero solo si espera una página así donde está. La aplicación se conecta después por sí sola.',
  }),
  'secrets-in-file': (d) => ({
    what: `Este sistema no tiene un llavero que la aplicación pueda usar, así que las claves están en un archivo${d.at('path', 'file')} que solo puede leer su usuario.`,
    next: 'No hay que hacer nada. Cifrar el disco protege el archivo si roban el equipo.',
  }),
  'udp-blocked': () => ({
    what: 'La red en la que está este dispositivo no deja pasar UDP, así que sus paquetes van por otro miembro. Todo funciona, más despacio.',
    next: 'No hay que hacer nada. Otra red, o hablar con quien administra esta, lo hace más rápido.',
  }),
  'dns-not-set': (d) => ({ what: `Otros programas de este dispositivo no encuentran los dispositivos de la red por su nombre${d.because()}.`, next: 'Sus direcciones funcionan. Se intenta de nuevo cada minuto.' }),
  'service-down': (d) => ({
    what: `Este dispositivo debe ofrecer ${serviceNames.find(([service]) => d.is('service', service))?.[1] ?? 'un servicio'} a la red, y no responde${d.because()}.`,
    next: 'Se intenta de nuevo por sí solo. Quizá otro programa de este dispositivo ocupa su puerto; detenga ese programa o desactive la oferta.',
  }),
  'audit-broken': (d) => ({
    what: `El registro de auditoría ya no encaja${d.with(['sequence'], (entry) => ` (entrada ${entry})`)}: puede que alguien lo haya cambiado en el disco. El tráfico no se ve afectado.`,
    next: 'Exporte el registro desde varios dispositivos y compárelos; después averigüe quién tuvo acceso al equipo.',
  }),
};
