import type { PageWords } from '../en/index.ts';

export const firstRun: PageWords['firstRun'] = {
  welcome: 'Bienvenido a Webmesh',
  add: 'Añadir una red',
  about: 'Una red privada entre sus propios dispositivos. Sin cuenta y sin servidor nuestro: sus dispositivos la mantienen ellos mismos.',
  create: 'Crear una red',
  createAbout: 'Este dispositivo será el primero. A los demás los invita con un enlace cuando quiera.',
  name: 'Nombre de la red',
  nameExample: 'Casa',
  deviceName: 'Nombre de este dispositivo',
  deviceNameExample: 'su nombre de equipo',
  deviceNameHint: 'Letras, cifras y guiones.',
  range: 'Intervalo IPv4 de la red',
  rangeHint: 'Un intervalo privado que no use ninguna de sus redes locales.',
  old: 'Red antigua sin cifrar',
  oldOn: 'Unirse a ella y administrarla no estará cifrado, y no hay invitaciones. Solo para programas que no conocen certificados.',
  oldOff: 'Desactivado: los dispositivos demuestran quiénes son, y todo está cifrado.',
  creating: 'Creando…',
  createIt: 'Crear la red',
};
