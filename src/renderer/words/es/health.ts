import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('es');

export const health: PageWords['health'] = {
  title: 'Estado',
  nothing: 'Todo va bien.',
  onlyHints: (n) => count(n, { one: 'Todo va bien; hay # sugerencia.', other: 'Todo va bien; hay # sugerencias.' }),
  onlyProblems: (n) => count(n, { one: '# problema.', other: '# problemas.' }),
  both: (problems, hints) => `${count(problems, { one: '# problema', other: '# problemas' })} y ${count(hints, { one: '# sugerencia', other: '# sugerencias' })}.`,
  well: 'Todo va bien',
  watched: 'El servicio, el túnel, la red, los certificados, los pares y el disco se vigilan todo el tiempo. Lo que va mal se muestra aquí, con lo que hay que hacer.',
  list: 'Problemas y sugerencias',
  goes: 'Los problemas desaparecen por sí solos cuando pasan. Las sugerencias se pueden apartar hasta que termine la aplicación.',
  justNow: 'ahora mismo',
  since: (span) => `desde hace ${span}`,
  aboutConnection: 'afecta a la conexión',
  putAway: 'Apartar',
  putAwayOf: (title) => `Apartar: ${title}`,
};
