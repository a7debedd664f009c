import type { PageWords } from '../en/index.ts';

export const people: PageWords['people'] = {
  thisDevice: 'dieses Gerät',
  wouldJoin: (id, joins, ago) => `${id} möchte ${joins} beitreten, angefragt ${ago}`,
  wouldJoinInvited: (id, joins, inviter, ago) => `${id} möchte ${joins} beitreten, eingeladen von ${inviter}, angefragt ${ago}`,
  fingerprintOf: (name) => `Fingerabdruck von ${name}`,
  compare: 'Dieselben Gruppen stehen auf dem Bildschirm des Geräts. Lassen Sie sie sich vorlesen und nehmen Sie das Gerät nur an, wenn sie gleich sind.',
  accept: 'Annehmen',
  accepting: 'Wird angenommen …',
  acceptOf: (name) => `${name} annehmen`,
  accepted: (name) => ({ what: `${name} wurde angenommen.`, next: 'Das Gerät verbindet sich gleich von selbst.' }),
  refuse: 'Ablehnen …',
  refuseOf: (name) => `${name} ablehnen`,
};
