import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('es');

export const paths: PageWords['paths'] = {
  path: 'Ruta',
  pathsTo: (name) => `Rutas a ${name}`,
  roundTrip: 'Ida y vuelta',
  lost: 'Perdidos',
  inUse: 'en uso',
  nothing: 'No hay ninguna ruta que medir.',
  packets: (bytes) => `Pasan paquetes de hasta ${bytes} bytes.`,
  range: (least, most) => `de ${least} a ${most}`,
  loss: (lost, sent) => `${lost} de ${sent}`,
  trips: (span, least, most, median) => `Ida y vuelta durante ${span}: de ${least} a ${most}, la mitad por debajo de ${median}.`,
  silent: (times, all) => `Sin respuesta ${times} de ${all} veces.`,
  questions: { relay: '¿Por qué retransmitida?', ice: '¿Por qué no directa?', looking: '¿Qué se ha intentado?', none: '¿Por qué no hay ruta?', silent: '¿Qué ha pasado?' },
  moreReasons: (n) => count(n, { one: '# motivo más', other: '# motivos más' }),
  lookAgain: 'Buscar de nuevo',
  looking: 'Se está buscando una ruta mejor.',
};
