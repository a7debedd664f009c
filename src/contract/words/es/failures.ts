import type { FailureCode } from '../../../base/failure.ts';
import type { Reader, Words } from '../../detail.ts';
import { pluralIn } from '../../language.ts';
import { beside } from '../beside.ts';
import { updateFailures } from './updates.ts';

const count = pluralIn('es');

const waits = 'La aplicación sigue intentándolo por sí sola; no hay que hacer nada.';
const trafficOff = 'El tráfico hacia esta red está desactivado; el resto del tráfico no se ve afectado.';
const nothingJoined = 'No se cambió nada en este dispositivo.';
const trafficKept = 'El tráfico entre los dispositivos no se ve afectado.';
const udpPort = (d: Reader): string => d.with(['port'], (port) => `el puerto UDP ${port}`) || 'el puerto de WireGuard';
/** Taken by another network of this machine, which people know by its name. */
const besideNetwork = (d: Reader): Words | null => beside(d.quote(['other'], ''), (other) => ({
  what: `Su red ${other} ya usa ${udpPort(d)}, elegido también para esta.`,
  next: `Desconecte ${other} e inténtelo de nuevo, o use otro puerto: los demás dispositivos lo aprenden solos.`,
}));
const insideNetwork = (d: Reader): Words | null => beside(d.quote(['other'], ''), (other) => ({
  what: `Su red ${other} usa direcciones que esta también necesita${d.aside('what')}. ${other} queda como está.`,
  next: `Desconecte ${other} e inténtelo de nuevo: dos redes con las mismas direcciones no pueden estar conectadas al mismo tiempo.`,
}));
const tcpPort = (d: Reader): string => d.with(['port'], (port) => `el puerto TCP ${port}`) || 'un puerto';

function earlier(d: Reader): string {
  const calls = d.number('calls');
  return calls === null ? 'una petición anterior' : count(calls, { one: '# petición anterior', other: '# peticiones anteriores' });
}

export const failures: Readonly<Record<FailureCode, (d: Reader) => Words>> = {
  'auth.unauthenticated': (d) => ({
    what: `La red no reconoció este dispositivo${d.at('address')}. ${trafficOff}`,
    next: 'Pida a quien administra la red que deje entrar a este dispositivo e inténtelo de nuevo.',
  }),
  'auth.not-permitted': (d) => ({
    what: `Esto no está permitido${d.at('path', 'file', 'socket')}${d.because()}.`,
    next: 'Pida permiso a quien administra la red o este dispositivo e inténtelo de nuevo.',
  }),
  'auth.pending': (d) => ({
    what: `La red${d.named('network', 'name')} conoce este dispositivo, que espera a un administrador. ${trafficOff}`,
    next: 'Lea la huella de este dispositivo a un administrador, que la compara y lo acepta. Después la aplicación continúa por sí sola.',
  }),
  'auth.revoked': (d) => ({
    what: `Un administrador expulsó este dispositivo de la red${d.named('network', 'name')}. ${trafficOff}`,
    next: 'Si fue un error, pida a un administrador una invitación nueva y únase con ella; el dispositivo recibe entonces una clave nueva y un nombre nuevo.',
  }),
  'auth.expired': (d) => ({
    what: `El certificado de este dispositivo caducó${d.at('address')}, así que la red ya no lo deja entrar. ${trafficOff}`,
    next: 'Estuvo apagado más tiempo del que vale un certificado. Compruebe que su reloj es correcto; después pida a un administrador una invitación nueva y únase con ella.',
  }),
  'auth.invite-invalid': () => ({
    what: `La red no acepta esta invitación: fue retirada o nunca se creó allí. ${nothingJoined}`,
    next: 'Pida una nueva a quien le invitó.',
  }),
  'auth.invite-expired': () => ({
    what: `Esta invitación es demasiado antigua. ${nothingJoined}`,
    next: 'Pida una nueva a quien le invitó. Si se creó hace un momento, compruebe que el reloj de este dispositivo es correcto.',
  }),
  'auth.invite-used': () => ({
    what: `Esta invitación ya se usó tantas veces como se podía. ${nothingJoined}`,
    next: 'Pida una nueva a quien le invitó. Si solo usted la tenía, dígaselo: puede ver qué dispositivo se unió con ella y expulsarlo.',
  }),
  'auth.wrong-mesh': (d) => ({
    what: `Responde una red distinta de la esperada${d.at('address')}. No se le envió nada. ${trafficOff}`,
    next: 'Quizá su dirección pasó a otra persona, o algo en el camino se hace pasar por su red. Pida una invitación nueva y compare la huella al unirse.',
  }),
  'auth.clear-text': (d) => ({
    what: `La red${d.at('address')} responde sin cifrar, y no se había pedido. La aplicación no continuó. ${trafficOff}`,
    next: 'Si es una red antigua sin certificados, añádala como red antigua sin cifrar. Si no, no la use.',
  }),
  'auth.too-many-tries': (d) => ({
    what: `Hubo demasiados intentos de unirse${d.at('address')}, así que la red deja de responder un momento. ${trafficOff}`,
    next: 'Volverá a responder en un minuto, más o menos. La aplicación sigue intentándolo.',
  }),

  'mesh.unreachable': (d) => ({
    what: `No hay respuesta de ${d.or(['address'], 'la red')}. ${trafficOff}`,
    next: 'Compruebe la dirección y que el otro equipo esté encendido y se pueda alcanzar desde aquí. La aplicación sigue intentándolo.',
  }),
  'mesh.timeout': (d) => ({
    what: `Tardó demasiado${d.with(['what'], (what) => `: ${what}`)}${d.at('address')}${d.seconds('deadlineMs', (n) => count(n, { one: ', más de # segundo', other: ', más de # segundos' }))}.`,
    next: `La red puede ser lenta o estar lejos. ${waits}`,
  }),
  'mesh.refused': (d) => ({
    what: `La red rechazó esta petición${d.because()}.`,
    next: 'Corrija lo que indica, o pregunte a quien administra la red, e inténtelo de nuevo.',
  }),
  'mesh.incompatible': (d) => ({
    what: `Esta aplicación y la red${d.at('address')} no son compatibles${d.because()}. ${trafficOff}`,
    next: 'Compruebe la dirección y su puerto. A una red sin cifrar hay que unirse como tal; si no, una de las dos partes necesita una actualización.',
  }),
  'mesh.not-leader': (d) => ({
    what: `${d.capital(['node'], 'Ese nodo')} no dirige la red en este momento. ${trafficKept}`,
    next: `La petición va al nodo que dirige. ${waits}`,
  }),
  'mesh.no-leader': () => ({
    what: `Ninguno de los nodos que administran la red la dirige en este momento. ${trafficKept}`,
    next: 'Los cambios esperan hasta que más de la mitad de ellos estén encendidos y se alcancen. La aplicación sigue intentándolo.',
  }),
  'mesh.address-exhausted': (d) => ({
    what: `A la red${d.named('network')} no le quedan direcciones libres para este dispositivo.`,
    next: 'Quite los dispositivos que ya no se usan, o cree una red con un intervalo de direcciones mayor.',
  }),
  'mesh.not-found': (d) => ({
    what: `La red no conoce ${d.quote(['node', 'id', 'peer', 'name'], 'ese dispositivo')}.`,
    next: 'Puede que se haya ido. Compruebe el nombre y mire la lista de pares.',
  }),
  'mesh.busy': () => ({
    what: `La red tiene ahora más peticiones de las que puede atender. ${trafficKept}`,
    next: waits,
  }),

  'network.offline': () => ({
    what: 'Este dispositivo está sin conexión.',
    next: 'La aplicación se conecta por sí sola cuando vuelve a haber red.',
  }),

  'helper.unreachable': (d) => ({
    what: `El servicio del sistema que crea el túnel no responde${d.at('path', 'file', 'socket')}${d.because()}.`,
    next: 'Inicie el servicio o reinicie este dispositivo. La aplicación se conecta por sí sola en cuanto el servicio responde.',
  }),
  'helper.not-trusted': (d) => ({
    what: `Lo que ocupa el lugar del servicio del sistema${d.at('path', 'file', 'socket')} no es de confianza${d.because()}. La aplicación no habló con ello.`,
    next: 'Reinicie el servicio como administrador; si vuelve a ocurrir, instale de nuevo la aplicación desde una fuente de confianza.',
  }),
  'helper.lost': () => ({
    what: 'El servicio del sistema que crea el túnel se detuvo en mitad de su trabajo. El tráfico puede pararse un momento.',
    next: `Se reinicia y lo restablece todo. ${waits}`,
  }),
  'helper.version': (d) => ({
    what: `El servicio del sistema${d.aside('helper', 'version', 'theirs')} y esta aplicación${d.aside('app', 'ours')} tienen versiones que no son compatibles.`,
    next: 'Instale la versión más reciente de la aplicación, que trae su propio servicio, y vuelva a iniciarla.',
  }),
  'helper.stale': () => ({
    what: 'Una petición más reciente adelantó a esta, así que se omitió. No cambió nada.',
    next: waits,
  }),
  'helper.declined': (d) => (d.quote(['holder'], '') !== '' ? {
    what: `Otra persona en este equipo, ${d.quote(['holder'], '')}, está conectada, y el servicio del túnel atiende a un usuario a la vez. ${trafficOff}`,
    next: 'Pida a ese usuario que se desconecte, o conéctese después.',
  } : {
    what: `El sistema pidió permiso para iniciar el servicio del túnel y no lo obtuvo. ${trafficOff}`,
    next: 'Inténtelo de nuevo y acepte cuando el sistema pida la contraseña.',
  }),

  'tunnel.engine-missing': (d) => ({
    what: `Este sistema no tiene un WireGuard utilizable, ni el módulo del núcleo ni wireguard-go${d.because()}. ${trafficOff}`,
    next: 'Instale WireGuard (en Debian y Ubuntu: el paquete wireguard o wireguard-go; en Windows y macOS: de nuevo esta aplicación, que lo trae) e inténtelo de nuevo.',
  }),
  'tunnel.not-permitted': (d) => ({
    what: `El sistema no deja que el servicio del túnel cambie los ajustes de red${d.because()}. ${trafficOff}`,
    next: 'Ejecute el servicio como administrador; dentro de un contenedor, concédale el derecho de administrar la red (NET_ADMIN).',
  }),
  'tunnel.port-in-use': (d) => besideNetwork(d) ?? ({
    what: `Otro programa ya usa ${udpPort(d)}, que el túnel necesita.`,
    next: 'Use otro puerto: los demás dispositivos lo aprenden solos. O detenga ese programa e inténtelo de nuevo.',
  }),
  'tunnel.conflict': (d) => insideNetwork(d) ?? ({
    what: `Algo en este dispositivo ya usa lo que el túnel necesita${d.aside('what', 'network', 'route', 'address')}${d.with(['interface', 'device'], (it) => `: ${it}`)}. Sus conexiones actuales quedaron como estaban.`,
    next: 'Desconecte la otra red o VPN e inténtelo de nuevo.',
  }),
  'tunnel.failed': (d) => ({
    what: `No se pudo establecer el túnel${d.because()}. Lo que se había cambiado se restableció.`,
    next: `${waits} Si continúa, exporte un informe en Ajustes, Diagnóstico.`,
  }),

  'node.start-failed': (d) => ({
    what: `La parte de la aplicación que participa en la red no se inició${d.because()}.`,
    next: `${waits} Si continúa, exporte un informe en Ajustes, Diagnóstico.`,
  }),
  'node.port-in-use': (d) => ({
    what: `Otro programa en este dispositivo ya usa ${tcpPort(d)}, que la red necesita.`,
    next: 'Detenga ese programa e inténtelo de nuevo, o añada la red otra vez con otro puerto.',
  }),
  'node.lost': () => ({
    what: 'La parte de la aplicación que participa en la red se detuvo. Los túneles existentes siguen funcionando.',
    next: `Se está iniciando de nuevo. ${waits}`,
  }),
  'node.data-damaged': (d) => ({
    what: `La copia de los datos de la red en este dispositivo está dañada${d.because()}. Se conservó, no se sobrescribió.`,
    next: 'Un miembro puede olvidar la red y unirse de nuevo. Si este dispositivo aloja la red, restaure su carpeta de datos desde una copia de seguridad.',
  }),
  'node.disk-full': (d) => ({
    what: `El disco está lleno${d.at('path', 'file', 'socket')}, así que no se puede guardar nada más en él. Nada de lo guardado se perdió.`,
    next: 'Libere espacio e inténtelo de nuevo.',
  }),
  'node.id-taken': (d) => ({
    what: `Otro dispositivo de esta red ya se llama ${d.quote(['node', 'id', 'nodeId'], 'igual')}.`,
    next: 'Elija otro nombre para este dispositivo, o quite el antiguo de la red, e inténtelo de nuevo.',
  }),

  'input.invalid': (d) => ({
    what: `${d.field('field', 'argument', 'path')}: este dato no se puede usar tal como está${d.because()}.`,
    next: 'Corríjalo e inténtelo de nuevo; todo lo que escribió sigue ahí.',
  }),
  'input.unknown-profile': (d) => ({
    what: `En este dispositivo no hay ninguna red ${d.quote(['profile', 'name'], 'con ese nombre')}${d.because()}.`,
    next: d.given('hint') || 'Elija una de las redes de la lista, o añádala.',
  }),
  'input.unknown-command': (d) => ({
    what: `Esta versión de la aplicación no conoce ${d.quote(['name'], 'esa petición')}.`,
    next: 'Cierre todas las ventanas de la aplicación e iníciela de nuevo, para que todas sus partes tengan la misma versión.',
  }),
  'input.file-damaged': (d) => ({
    what: `No se pudo leer un archivo de la aplicación${d.at('path', 'file', 'socket')}${d.because()}. Se conservó, no se sobrescribió.`,
    next: 'Corrija el archivo, o muévalo a otro sitio e inicie de nuevo la aplicación, que empieza entonces con sus valores predeterminados.',
  }),
  'input.limit': (d) => ({
    what: `${d.field('field', 'what')}: es más de lo permitido${d.with(['max', 'most', 'bytesMax'], (most) => ` (como máximo ${most})`)}.`,
    next: 'Redúzcalo e inténtelo de nuevo.',
  }),
  'input.invite-damaged': (d) => ({
    what: `Esta invitación no está completa${d.because()}. No se hizo nada con ella.`,
    next: 'Copie otra vez el enlace entero, desde «webmesh:» hasta el final, o use el archivo o el código QR. Si sigue igual, pida una nueva.',
  }),
  'input.passphrase': (d) => ({
    what: `La frase de contraseña no abre este archivo${d.because()}. No se cambió nada.`,
    next: 'Escríbala de nuevo: las mayúsculas y los espacios cuentan. Es la que se eligió al exportar la clave.',
  }),

  ...updateFailures,

  'app.already-running': () => ({
    what: 'La aplicación ya está en marcha para este usuario.',
    next: 'Use la ventana que está abierta; se ha traído al frente.',
  }),
  'app.not-running': () => ({
    what: 'Se perdió el contacto con la aplicación. El túnel queda como está.',
    next: 'Inicie de nuevo la aplicación si no vuelve por sí sola.',
  }),
  'app.busy': (d) => ({
    what: `La aplicación sigue trabajando en ${earlier(d)}${d.because()}.`,
    next: 'Espere un momento e inténtelo de nuevo.',
  }),
  'internal.unexpected': (d) => ({
    what: `Ocurrió algo que la aplicación no esperaba${d.because()}. Nada de lo guardado se perdió.`,
    next: 'Inténtelo de nuevo. Si vuelve a ocurrir, exporte un informe en Ajustes, Diagnóstico, y envíenoslo.',
  }),
  'internal.storage': (d) => ({
    what: `La aplicación no pudo guardar sus ajustes${d.at('path', 'file', 'socket')}${d.because()}.`,
    next: 'Compruebe que el disco tiene espacio y que la carpeta le pertenece, e inténtelo de nuevo.',
  }),
  'internal.secrets': (d) => ({
    what: `La aplicación no puede leer o guardar sus claves${d.at('path', 'file')}${d.because()}. No se envió nada a ninguna parte.`,
    next: 'Desbloquee el llavero de este sistema, o compruebe que la carpeta solo le pertenece a usted, e inténtelo de nuevo.',
  }),
};
