import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('es');

export const app: PageWords['app'] = {
  skip: 'Ir al contenido',
  screens: 'Pantallas',
  places: { connect: 'Conectar', peers: 'Pares', people: 'Personas', device: 'Este dispositivo', deviceShort: 'Equipo', health: 'Estado', settings: 'Ajustes' },
  peers: (n) => count(n, { one: '# par', other: '# pares' }),
  waiting: (n) => count(n, { one: '# en espera de aprobación', other: '# en espera de aprobación' }),
  problems: (n) => count(n, { one: '# problema', other: '# problemas' }),
  invite: 'Invitar',
  lost: 'Se perdió el contacto con la aplicación; se intenta de nuevo. Lo que ve es el último estado conocido.',
  starting: 'Iniciando…',
  thisNetwork: 'esta red',
  stopped: 'Esta pantalla se detuvo',
  stoppedWords: { what: 'La página encontró algo inesperado. Su conexión no se ve afectada.', next: 'Muestre la pantalla de nuevo; si vuelve a ocurrir, exporte un informe en Ajustes, Diagnóstico.' },
  showAgain: 'Mostrar de nuevo',
  inClearText: 'sin cifrar',
  clearText: 'Texto sin cifrar',
  clearTextSays: 'Texto sin cifrar.',
  clearTextWhat: (name) => `Unirse a ${name} y administrarla no va cifrado, y nadie demuestra quién es. El tráfico dentro del túnel va cifrado.`,
};
