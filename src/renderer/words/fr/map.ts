import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('fr');

export const map: PageWords['map'] = {
  about: 'Comment cet appareil joint les autres en ce moment.',
  drawn: (n) => count(n, { one: '# appareil est dessiné, les autres sont comptés ; une recherche ou un filtre en montre moins.', other: '# appareils sont dessinés, les autres comptés ; une recherche ou un filtre en montre moins.' }),
  openOne: 'Ouvrez-en un et demandez-lui qui il voit.',
  ask: (name) => `Demander à ${name} qui il voit`,
  asking: 'Demande en cours…',
  sees: (n) => count(n, { one: 'Il a négocié récemment avec # appareil parmi ceux-ci : les lignes en pointillé.', other: 'Il a négocié récemment avec # appareils parmi ceux-ci : les lignes en pointillé.' }),
  seesNone: 'Il n’a négocié récemment avec aucun de ces appareils.',
  more: {
    direct: (n) => count(n, { one: '# autre appareil joint directement', other: '# autres appareils joints directement' }),
    relayed: (n) => count(n, { one: '# autre appareil relayé', other: '# autres appareils relayés' }),
    none: (n) => count(n, { one: '# autre appareil non joint', other: '# autres appareils non joints' }),
  },
  label: (n) => count(n, { one: 'Carte de # appareil ; les flèches vont de l’un à l’autre', other: 'Carte de # appareils ; les flèches vont de l’un à l’autre' }),
  mark: (name, path) => `${name} : ${path}`,
  markOfFavourite: (name, path) => `${name} : ${path}, favori`,
  inWords: 'En mots',
  through: (name) => `Par ${name}`,
  direct: 'Joints directement',
  none: 'Non joints pour le moment',
  seenBy: (name) => `Vus par ${name}`,
  andMore: (n) => count(n, { one: 'et # autre ; la liste les montre tous.', other: 'et # autres ; la liste les montre tous.' }),
  andPeers: (n) => count(n, { one: 'et # autre pair', other: 'et # autres pairs' }),
};
