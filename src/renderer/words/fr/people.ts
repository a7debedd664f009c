import type { PageWords } from '../en/index.ts';

export const people: PageWords['people'] = {
  thisDevice: 'cet appareil',
  wouldJoin: (id, joins, ago) => `${id} souhaite rejoindre le réseau ${joins}, demandé ${ago}`,
  wouldJoinInvited: (id, joins, inviter, ago) => `${id} souhaite rejoindre le réseau ${joins}, sur invitation de ${inviter}, demandé ${ago}`,
  fingerprintOf: (name) => `Empreinte de ${name}`,
  compare: 'Les mêmes groupes figurent sur son écran. Demandez à son propriétaire de vous les lire et acceptez seulement s’ils sont identiques.',
  accept: 'Accepter',
  accepting: 'Acceptation…',
  acceptOf: (name) => `Accepter ${name}`,
  accepted: (name) => ({ what: `${name} a été accepté.`, next: 'L’appareil se connecte tout seul dans un instant.' }),
  refuse: 'Refuser…',
  refuseOf: (name) => `Refuser ${name}`,
};
