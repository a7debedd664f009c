import type { Words } from '../../detail.ts';
import type { PathsWords, Why } from '../type.ts';

const mapPort = 'active la asignación de puertos (PCP, NAT-PMP o UPnP) o reenvíe el puerto de WireGuard (UDP)';
const byItself = 'Se intenta de nuevo por sí solo.';
const addRelay = 'Active Relé en un dispositivo de la red al que todos los demás puedan llegar.';
const nothing = 'No hay que hacer nada.';

export const paths: PathsWords = {
  self: { word: 'Este dispositivo', what: 'Es el dispositivo que está usando.' },
  down: { word: 'Apagado', what: 'Este dispositivo no está conectado, así que no se alcanza ningún par.' },
  silent: { word: 'En silencio', what: 'Antes respondía, pero lleva más de tres minutos sin hacerlo. Puede estar en reposo, apagado o de camino a otra red.' },
  direct: {
    word: 'Directa',
    what: 'Los paquetes van derechos a este par, cifrados de extremo a extremo.',
    how: {
      lan: 'Los paquetes van derechos a este par en la misma red local, cifrados de extremo a extremo.',
      public: 'Los paquetes van derechos a la dirección pública de este par, cifrados de extremo a extremo.',
      mapped: 'Los paquetes van derechos a un puerto que un enrutador abre para este par, cifrados de extremo a extremo.',
      punched: 'Los paquetes van derechos a este par a través de los enrutadores de ambos lados, cifrados de extremo a extremo.',
    },
  },
  ice: {
    raw: { word: 'De par a par', what: 'Los paquetes van de dispositivo a dispositivo por una ruta que la aplicación mantiene abierta, cifrados de extremo a extremo.' },
    channel: { word: 'De par a par', what: 'Los paquetes van de dispositivo a dispositivo en un canal de datos, cifrados de extremo a extremo. Es lento donde se pierden paquetes.' },
  },
  relay: {
    word: (node) => `Mediante ${node}`,
    member: 'un miembro',
    packets: 'Los paquetes pasan por otro miembro. Los entrega y no puede leerlos.',
    overTcp: 'Los paquetes pasan por otro miembro mediante TCP. Los entrega y no puede leerlos.',
  },
  waiting: {
    'no-handshake-yet': { word: 'En espera', what: 'El túnel hacia este par está listo, pero aún no ha respondido. Si está encendido, tarda unos segundos.' },
    'peer-has-no-endpoint': { word: 'En espera', what: 'Este par no ha dicho dónde se le puede alcanzar. Tiene que contactar primero con este dispositivo.' },
    'both-behind-nat': { word: 'En espera', what: 'Este dispositivo y el par están ambos detrás de enrutadores que los ocultan.' },
    looking: { word: 'Buscando', what: 'Se busca una ruta hacia este par. Si está encendido, tarda unos segundos.' },
    'no-path': { word: 'Sin ruta', what: 'En este momento no funciona ninguna ruta hacia este par. Se sigue buscando por sí solo.' },
  },
  tiers: { direct: 'Directa', punch: 'A través de ambos enrutadores', ice: 'De par a par', channel: 'Canal de datos', turn: 'Relé', stream: 'Relé mediante TCP' },
  thisWay: 'Esta ruta',
  nat: {
    unknown: { word: 'Aún no se sabe', what: 'Ningún otro dispositivo ha dicho todavía cómo se ve este desde fuera.' },
    open: { word: 'Sin enrutador de por medio', what: 'Los demás ven este dispositivo con su propia dirección.' },
    easy: { word: 'Un enrutador que ayuda', what: 'Mantiene un mismo puerto público para el túnel, así que los demás suelen poder llegar a este directamente.' },
    hard: { word: 'Un enrutador estricto', what: 'Toma otro puerto público para cada conexión, así que no todos los dispositivos pueden llegar a este directamente.' },
    blocked: { word: 'UDP está bloqueado', what: 'No vuelve nada por UDP, así que los paquetes van por un miembro mediante TCP, que es más lento.' },
  },
  why: {
    'no-answer': noAnswer,
    'both-nats-hard': () => ({ what: 'Los enrutadores de ambos lados toman otro puerto público para cada conexión, así que ningún dispositivo encuentra al otro.', next: `En uno de los dos enrutadores, ${mapPort}. IPv6 en ambos lados también ayuda.` }),
    'hard-nat-here': () => ({ what: 'El enrutador de aquí toma otro puerto público para cada conexión, y el del par solo deja entrar lo que espera.', next: `En el enrutador de aquí, ${mapPort}. IPv6 en ambos lados también ayuda.` }),
    'hard-nat-there': () => ({ what: 'El enrutador del par toma otro puerto público para cada conexión, y el de aquí solo deja entrar lo que espera.', next: `En el enrutador del par, ${mapPort}. IPv6 en ambos lados también ayuda.` }),
    'udp-blocked-here': () => ({ what: 'La red de aquí no deja pasar UDP.', next: 'Pida a quien administra esta red que permita UDP, o use otra. Hasta entonces un relé lleva los paquetes.' }),
    'udp-blocked-there': () => ({ what: 'La red del par no deja pasar UDP.', next: 'Quien administra esa red puede permitir UDP. Hasta entonces un relé lleva los paquetes.' }),
    'no-common-family': () => ({ what: 'Uno de los dos dispositivos solo tiene IPv4 y el otro solo IPv6.', next: 'Con IPv6 en ambos lados pueden encontrarse. Hasta entonces un relé que tiene ambos lleva los paquetes.' }),
    'no-hairpin': () => ({ what: 'Ambos dispositivos están detrás de una misma dirección pública, y su enrutador no devuelve paquetes hacia dentro.', next: 'Ponga ambos en la misma red local, o active el bucle NAT (hairpin) en ese enrutador.' }),
    'no-endpoint': () => ({ what: 'Este par no ha dicho dónde se le puede alcanzar.', next: 'Lo hace por sí solo cuando está encendido y conectado.' }),
    'not-observed': () => ({ what: 'Ningún otro dispositivo ha dicho todavía cómo se ve desde fuera el túnel de este.', next: 'Ocurre por sí solo en cuanto un dispositivo de la red se puede alcanzar desde fuera.' }),
    'cannot-negotiate': ({ node }) => ({ what: `Ningún dispositivo pudo llevar mensajes entre este y el par${node && `, ni siquiera ${node}`}.`, next: `${byItself} Ayuda que un dispositivo de la red esté siempre encendido y ambos lleguen a él.` }),
    'refused-there': ({ way, refusal }) => (refusal === null ? { what: `El par rechazó esta ruta (${way}).`, next: byItself } : { what: `El par rechazó esta ruta. ${refusal.what}`, next: refusal.next }),
    'peer-cannot': () => ({ what: 'El par usa otro programa para esta red, que solo conoce canales de datos.', next: 'Con esta aplicación en ambos lados son posibles rutas más rápidas.' }),
    'no-relay': ({ node }) => ({ what: `No responde ningún relé de la red${node && `, ni siquiera ${node}`}.`, next: addRelay }),
    'relay-full': ({ node }) => ({ what: `El relé${node && ` ${node}`} lleva tanto como puede.`, next: `Suba su límite allí. O bien: ${addRelay}` }),
    'carrier-failed': ({ way, problem }) => ({ what: `${way}: se abrió y después falló${problem && ` (${problem})`}.`, next: byItself }),
    'went-silent': ({ way, silent }) => ({ what: `${way}: funcionaba y después no volvió nada${silent && ` durante ${silent}`}.`, next: byItself }),
    waiting: ({ retry }) => ({ what: `El próximo intento es ${retry === '' ? 'pronto' : `en ${retry}`}.`, next: `${nothing} También puede buscar de nuevo ahora.` }),
    best: () => ({ what: 'No hay mejor ruta que esta.', next: nothing }),
    offline: () => ({ what: 'Este dispositivo no tiene red.', next: 'Se vuelven a buscar rutas en cuanto regresa.' }),
  },
  whyUnknown: (way) => ({ what: `${way}: no funciona.`, next: byItself }),
  duration: { s: (n) => `${n} s`, min: (n) => `${n} min`, h: (n) => `${n} h` },
};

function noAnswer({ tier, way, endpoint }: Why): Words {
  const fix = 'Deje pasar UDP hacia el puerto de WireGuard por el cortafuegos o el enrutador de uno de los dos dispositivos.';
  switch (tier) {
    case 'punch': return { what: 'Ambos dispositivos enviaron a través de sus enrutadores en el mismo momento, y no llegó nada.', next: `En uno de los dos enrutadores, ${mapPort}.` };
    case 'ice': case 'channel': return { what: `${way}: ninguna de las direcciones de los dos dispositivos alcanzó a la otra.`, next: fix };
    case 'turn': case 'stream': return { what: `${way}: no pasó nada${endpoint && ` (${endpoint})`}.`, next: `${byItself} ${addRelay}` };
    default: return { what: endpoint === '' ? 'Nada respondió en las direcciones que anuncia el par.' : `Nada respondió en ${endpoint}.`, next: fix };
  }
}
