import type { PageWords } from '../en/index.ts';

export const several: PageWords['several'] = {
  connect: 'Conectar',
  disconnect: 'Desconectar',
  save: 'Guardar',
  colour: 'Color',
  suffix: 'Los nombres terminan en',
  option: (name, state) => `${name} – ${state}`,
  optionClear: (name, state) => `${name} – ${state} (sin cifrar)`,
  show: (name, state) => `Mostrar ${name}: ${state}`,
  through: (state, device) => `${state}, por ${device}`,
  connectOf: (name) => `Conectar ${name}`,
  disconnectOf: (name) => `Desconectar ${name}`,
  atStart: (name) => `Conectar ${name} al iniciar la aplicación`,
  names: (name) => `Nombres de ${name} en todos los programas`,
  namesHint: (suffix) => `Con la conexión abierta, «ping nas.${suffix}» encuentra el dispositivo nas. Los demás nombres no se tocan.`,
  namesNot: (problem) => `Ahora mismo no: ${problem}.`,
  frozen: 'conectado, los cambios están congelados',
  phases: { disconnected: 'no conectado', authorising: 'conectando', joining: 'uniéndose', configuring: 'abriendo el túnel', connected: 'conectado', reconnecting: 'reconectando', disconnecting: 'desconectando', blocked: 'no se puede conectar' },
  colours: { blue: 'Azul', green: 'Verde', orange: 'Naranja', violet: 'Violeta', teal: 'Verde azulado', red: 'Rojo', pink: 'Rosa', brown: 'Marrón' },
};
