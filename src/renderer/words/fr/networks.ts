import type { PageWords } from '../en/index.ts';

export const networks: PageWords['networks'] = {
  network: 'Réseau',
  clearText: 'en clair',
  add: 'Ajouter',
  addOrJoin: 'Ajouter un réseau, ou rejoindre avec une invitation',
  newNameFor: (name) => `Nouveau nom pour ${name}`,
  save: 'Enregistrer',
  runsHere: (address) => `Fonctionne sur cet appareil, ${address}`,
  joinsAt: (address) => `Rejoint via ${address}`,
  rename: 'Renommer',
  renameOf: (name) => `Renommer ${name}`,
  forget: 'Oublier',
  forgetOf: (name) => `Oublier ${name}`,
  forgetAsked: (name) => `Oublier ${name} ?`,
  forgetHost: 'Cet appareil fait fonctionner le réseau. Il cesse de le faire pour de bon, et les autres perdent ce nœud.',
  forgetMember: 'Cet appareil quitte le réseau et oublie comment le joindre. Le réseau lui-même continue.',
  keep: 'Garder',
  forgot: (name) => `${name} a été oublié.`,
};
