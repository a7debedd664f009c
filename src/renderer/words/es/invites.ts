import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('es');

export const invites: PageWords['invites'] = {
  roles: {
    guest: { word: 'Invitado', why: 'Accede a los dispositivos de la red, no cambia nada.', joins: 'como invitado' },
    member: { word: 'Miembro', why: 'Accede a los dispositivos y puede ayudar a mantener la red.', joins: 'como miembro' },
    admin: { word: 'Administrador', why: 'También puede invitar y aceptar dispositivos, cambiar roles y expulsar dispositivos.', joins: 'como administrador' },
  },
  roleUnknown: { word: 'Desconocido', why: 'Una versión más reciente de la aplicación conoce este rol.', joins: 'con un rol que esta versión no conoce' },
  open: 'Invitaciones abiertas',
  noneOpen: 'No hay ninguna abierta. El botón Invitar crea una con un clic.',
  areOver: 'Invitaciones terminadas',
  over: (n) => count(n, { one: '# invitación terminada', other: '# invitaciones terminadas' }),
  forDevices: (n) => count(n, { one: 'Para un dispositivo', other: 'Para # dispositivos' }),
  used: (role, uses, usesMax) => `${role}, usada ${uses} de ${usesMax} veces.`,
  usedWithApproval: (role, uses, usesMax) => `${role}, usada ${uses} de ${usesMax} veces, un administrador acepta cada dispositivo.`,
  made: (ago, name) => `Creada ${ago} por ${name}.`,
  state: { takenBack: 'Retirada', used: 'Usada', usedUp: 'Agotada', tooOld: 'Demasiado antigua', goodFor: (span) => `Válida ${span} más` },
  takeBack: 'Retirar',
  takeBackOf: (title) => `Retirar: ${title}`,
  takenBack: { what: 'Invitación retirada.', next: 'Su enlace ya no deja entrar a nadie.' },
};
