import type { PageWords } from '../en/index.ts';

export const networks: PageWords['networks'] = {
  network: 'Netzwerk',
  clearText: 'Klartext',
  add: 'Hinzufügen',
  addOrJoin: 'Netzwerk hinzufügen oder mit einer Einladung beitreten',
  newNameFor: (name) => `Neuer Name für ${name}`,
  save: 'Speichern',
  runsHere: (address) => `Läuft auf diesem Gerät, ${address}`,
  joinsAt: (address) => `Tritt bei über ${address}`,
  rename: 'Umbenennen',
  renameOf: (name) => `${name} umbenennen`,
  forget: 'Vergessen',
  forgetOf: (name) => `${name} vergessen`,
  forgetAsked: (name) => `${name} vergessen?`,
  forgetHost: 'Dieses Gerät betreibt das Netzwerk. Es hört für immer damit auf, und die anderen verlieren diesen Knoten.',
  forgetMember: 'Dieses Gerät verlässt das Netzwerk und vergisst, wie es zu erreichen ist. Das Netzwerk selbst geht weiter.',
  keep: 'Behalten',
  forgot: (name) => `${name} wurde vergessen.`,
};
