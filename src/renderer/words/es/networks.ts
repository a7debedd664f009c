import type { PageWords } from '../en/index.ts';

export const networks: PageWords['networks'] = {
  network: 'Red',
  clearText: 'sin cifrar',
  add: 'Añadir',
  addOrJoin: 'Añadir una red o unirse con una invitación',
  newNameFor: (name) => `Nombre nuevo para ${name}`,
  save: 'Guardar',
  runsHere: (address) => `Funciona en este dispositivo, ${address}`,
  joinsAt: (address) => `Se une en ${address}`,
  rename: 'Renombrar',
  renameOf: (name) => `Renombrar ${name}`,
  forget: 'Olvidar',
  forgetOf: (name) => `Olvidar ${name}`,
  forgetAsked: (name) => `¿Olvidar ${name}?`,
  forgetHost: 'Este dispositivo mantiene la red. Deja de hacerlo para siempre, y los demás pierden este nodo.',
  forgetMember: 'Este dispositivo sale de la red y olvida cómo llegar a ella. La red en sí continúa.',
  keep: 'Conservar',
  forgot: (name) => `Se olvidó ${name}.`,
};
