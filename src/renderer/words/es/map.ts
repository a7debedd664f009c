import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('es');

export const map: PageWords['map'] = {
  about: 'Cómo alcanza ahora este dispositivo a los demás.',
  drawn: (n) => count(n, { one: 'Se dibuja # dispositivo y se cuentan los demás; una búsqueda o un filtro muestra menos.', other: 'Se dibujan # dispositivos y se cuentan los demás; una búsqueda o un filtro muestra menos.' }),
  openOne: 'Abra uno y pregúntele a quién ve.',
  ask: (name) => `Preguntar a ${name} a quién ve`,
  asking: 'Preguntando…',
  sees: (n) => count(n, { one: 'Ha negociado hace poco con # dispositivo de estos: las líneas de puntos.', other: 'Ha negociado hace poco con # dispositivos de estos: las líneas de puntos.' }),
  seesNone: 'No ha negociado hace poco con ninguno de estos dispositivos.',
  more: {
    direct: (n) => count(n, { one: '# dispositivo más alcanzado directamente', other: '# dispositivos más alcanzados directamente' }),
    relayed: (n) => count(n, { one: '# dispositivo más retransmitido', other: '# dispositivos más retransmitidos' }),
    none: (n) => count(n, { one: '# dispositivo más sin alcanzar', other: '# dispositivos más sin alcanzar' }),
  },
  label: (n) => count(n, { one: 'Mapa de # dispositivo; las flechas van de uno a otro', other: 'Mapa de # dispositivos; las flechas van de uno a otro' }),
  mark: (name, path) => `${name}: ${path}`,
  markOfFavourite: (name, path) => `${name}: ${path}, favorito`,
  inWords: 'En palabras',
  through: (name) => `A través de ${name}`,
  direct: 'Alcanzados directamente',
  none: 'Sin alcanzar en este momento',
  seenBy: (name) => `Vistos por ${name}`,
  andMore: (n) => count(n, { other: 'y # más; la lista los muestra todos.' }),
  andPeers: (n) => count(n, { one: 'y # par más', other: 'y # pares más' }),
};
