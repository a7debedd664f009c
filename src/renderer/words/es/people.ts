import type { PageWords } from '../en/index.ts';

export const people: PageWords['people'] = {
  thisDevice: 'este dispositivo',
  wouldJoin: (id, joins, ago) => `${id} desea unirse ${joins}, solicitado ${ago}`,
  wouldJoinInvited: (id, joins, inviter, ago) => `${id} desea unirse ${joins}, por invitación de ${inviter}, solicitado ${ago}`,
  fingerprintOf: (name) => `Huella de ${name}`,
  compare: 'En su pantalla aparecen los mismos grupos. Pida a su propietario que se los lea y acepte solo si son iguales.',
  accept: 'Aceptar',
  accepting: 'Aceptando…',
  acceptOf: (name) => `Aceptar ${name}`,
  accepted: (name) => ({ what: `Se aceptó ${name}.`, next: 'Se conectará por sí solo en un momento.' }),
  refuse: 'Rechazar…',
  refuseOf: (name) => `Rechazar ${name}`,
};
