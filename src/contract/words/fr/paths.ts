import type { Words } from '../../detail.ts';
import type { PathsWords, Why } from '../type.ts';

const mapPort = 'activez l’ouverture de ports (PCP, NAT-PMP ou UPnP) ou redirigez le port WireGuard (UDP)';
const byItself = 'Un nouvel essai a lieu tout seul.';
const addRelay = 'Activez Relais sur un appareil du réseau que tous les autres peuvent joindre.';
const nothing = 'Vous n’avez rien à faire.';

export const paths: PathsWords = {
  self: { word: 'Cet appareil', what: 'C’est l’appareil que vous utilisez.' },
  down: { word: 'Éteint', what: 'Cet appareil n’est pas connecté, aucun pair n’est donc joignable.' },
  silent: { word: 'Silencieux', what: 'Il répondait avant, mais plus depuis plus de trois minutes. Il est peut-être en veille, éteint ou en route vers un autre réseau.' },
  direct: {
    word: 'Direct',
    what: 'Les paquets vont tout droit à ce pair, chiffrés de bout en bout.',
    how: {
      lan: 'Les paquets vont tout droit à ce pair sur le même réseau local, chiffrés de bout en bout.',
      public: 'Les paquets vont tout droit à l’adresse publique de ce pair, chiffrés de bout en bout.',
      mapped: 'Les paquets vont tout droit à un port qu’un routeur ouvre pour ce pair, chiffrés de bout en bout.',
      punched: 'Les paquets vont tout droit à ce pair à travers les routeurs des deux côtés, chiffrés de bout en bout.',
    },
  },
  ice: {
    raw: { word: 'De pair à pair', what: 'Les paquets vont d’appareil à appareil par un chemin que l’application garde ouvert, chiffrés de bout en bout.' },
    channel: { word: 'De pair à pair', what: 'Les paquets vont d’appareil à appareil dans un canal de données, chiffrés de bout en bout. C’est lent là où des paquets se perdent.' },
  },
  relay: {
    word: (node) => `Relayé par ${node}`,
    member: 'un membre',
    packets: 'Les paquets passent par un autre membre. Il les transmet et ne peut pas les lire.',
    overTcp: 'Les paquets passent par un autre membre via TCP. Il les transmet et ne peut pas les lire.',
  },
  waiting: {
    'no-handshake-yet': { word: 'En attente', what: 'Le tunnel vers ce pair est prêt, mais il n’a pas encore répondu. S’il est allumé, cela prend quelques secondes.' },
    'peer-has-no-endpoint': { word: 'En attente', what: 'Ce pair n’a pas dit où il est joignable. Il doit d’abord contacter cet appareil.' },
    'both-behind-nat': { word: 'En attente', what: 'Cet appareil et le pair sont tous deux derrière des routeurs qui les cachent.' },
    looking: { word: 'Recherche', what: 'Un chemin vers ce pair est recherché. S’il est allumé, cela prend quelques secondes.' },
    'no-path': { word: 'Aucun chemin', what: 'Aucun chemin vers ce pair ne fonctionne en ce moment. La recherche continue toute seule.' },
  },
  tiers: { direct: 'Direct', punch: 'À travers les deux routeurs', ice: 'De pair à pair', channel: 'Canal de données', turn: 'Relais', stream: 'Relais via TCP' },
  thisWay: 'Ce chemin',
  nat: {
    unknown: { word: 'Pas encore connu', what: 'Aucun autre appareil n’a encore dit comment celui-ci se voit de l’extérieur.' },
    open: { word: 'Pas de routeur entre les deux', what: 'Les autres voient cet appareil sous sa propre adresse.' },
    easy: { word: 'Un routeur accommodant', what: 'Il garde un même port public pour le tunnel, les autres appareils peuvent donc en général joindre celui-ci directement.' },
    hard: { word: 'Un routeur strict', what: 'Il prend un autre port public pour chaque connexion, certains appareils ne peuvent donc pas joindre celui-ci directement.' },
    blocked: { word: 'UDP est bloqué', what: 'Rien ne revient via UDP, les paquets passent donc par un membre via TCP, ce qui est plus lent.' },
  },
  why: {
    'no-answer': noAnswer,
    'both-nats-hard': () => ({ what: 'Les routeurs des deux côtés prennent un autre port public pour chaque connexion, aucun des deux appareils ne trouve donc l’autre.', next: `Sur l’un des deux routeurs, ${mapPort}. IPv6 des deux côtés aide aussi.` }),
    'hard-nat-here': () => ({ what: 'Le routeur d’ici prend un autre port public pour chaque connexion, et celui du pair ne laisse entrer que ce qu’il attend.', next: `Sur le routeur d’ici, ${mapPort}. IPv6 des deux côtés aide aussi.` }),
    'hard-nat-there': () => ({ what: 'Le routeur du pair prend un autre port public pour chaque connexion, et celui d’ici ne laisse entrer que ce qu’il attend.', next: `Sur le routeur du pair, ${mapPort}. IPv6 des deux côtés aide aussi.` }),
    'udp-blocked-here': () => ({ what: 'Le réseau d’ici ne laisse pas passer UDP.', next: 'Demandez à la personne qui gère ce réseau d’autoriser UDP, ou utilisez-en un autre. D’ici là, un relais transporte les paquets.' }),
    'udp-blocked-there': () => ({ what: 'Le réseau du pair ne laisse pas passer UDP.', next: 'La personne qui gère ce réseau peut autoriser UDP. D’ici là, un relais transporte les paquets.' }),
    'no-common-family': () => ({ what: 'L’un des deux appareils n’a qu’IPv4 et l’autre qu’IPv6.', next: 'IPv6 des deux côtés leur permet de se joindre. D’ici là, un relais qui a les deux transporte les paquets.' }),
    'no-hairpin': () => ({ what: 'Les deux appareils sont derrière une même adresse publique, et son routeur ne renvoie pas les paquets vers l’intérieur.', next: 'Mettez les deux sur le même réseau local, ou activez le NAT loopback (hairpin) sur ce routeur.' }),
    'no-endpoint': () => ({ what: 'Ce pair n’a pas dit où il est joignable.', next: 'Il le fait tout seul dès qu’il est allumé et connecté.' }),
    'not-observed': () => ({ what: 'Aucun autre appareil n’a encore dit comment le tunnel de celui-ci se voit de l’extérieur.', next: 'Cela se fait tout seul dès qu’un appareil du réseau est joignable de l’extérieur.' }),
    'cannot-negotiate': ({ node }) => ({ what: `Aucun appareil n’a pu transmettre de messages entre celui-ci et le pair${node && `, pas même ${node}`}.`, next: `${byItself} Il est utile qu’un appareil du réseau soit toujours allumé et joignable des deux.` }),
    'refused-there': ({ way, refusal }) => (refusal === null ? { what: `Le pair a refusé ce chemin (${way}).`, next: byItself } : { what: `Le pair a refusé ce chemin. ${refusal.what}`, next: refusal.next }),
    'peer-cannot': () => ({ what: 'Le pair utilise un autre programme pour ce réseau, qui ne connaît que les canaux de données.', next: 'Avec cette application des deux côtés, des chemins plus rapides sont possibles.' }),
    'no-relay': ({ node }) => ({ what: `Aucun relais du réseau ne répond${node && `, pas même ${node}`}.`, next: addRelay }),
    'relay-full': ({ node }) => ({ what: `Le relais${node && ` ${node}`} transporte autant qu’il le peut.`, next: `Relevez sa limite là-bas. Ou bien : ${addRelay}` }),
    'carrier-failed': ({ way, problem }) => ({ what: `${way} : s’est ouvert puis a échoué${problem && ` (${problem})`}.`, next: byItself }),
    'went-silent': ({ way, silent }) => ({ what: `${way} : fonctionnait, puis plus rien n’est revenu${silent && ` pendant ${silent}`}.`, next: byItself }),
    waiting: ({ retry }) => ({ what: `Le prochain essai a lieu ${retry === '' ? 'bientôt' : `dans ${retry}`}.`, next: `${nothing} Vous pouvez aussi relancer la recherche maintenant.` }),
    best: () => ({ what: 'Il n’y a pas de meilleur chemin que celui-ci.', next: nothing }),
    offline: () => ({ what: 'Cet appareil n’a pas de réseau.', next: 'La recherche de chemins reprend dès qu’il est de retour.' }),
  },
  whyUnknown: (way) => ({ what: `${way} : ne fonctionne pas.`, next: byItself }),
  duration: { s: (n) => `${n} s`, min: (n) => `${n} min`, h: (n) => `${n} h` },
};

function noAnswer({ tier, way, endpoint }: Why): Words {
  const fix = 'Laissez passer UDP vers le port WireGuard à travers le pare-feu ou le routeur de l’un des deux appareils.';
  switch (tier) {
    case 'punch': return { what: 'Les deux appareils ont émis à travers leurs routeurs au même moment, et rien n’est arrivé.', next: `Sur l’un des deux routeurs, ${mapPort}.` };
    case 'ice': case 'channel': return { what: `${way} : aucune des adresses des deux appareils n’a joint l’autre.`, next: fix };
    case 'turn': case 'stream': return { what: `${way} : rien n’est passé${endpoint && ` (${endpoint})`}.`, next: `${byItself} ${addRelay}` };
    default: return { what: endpoint === '' ? 'Rien n’a répondu aux adresses que le pair annonce.' : `Rien n’a répondu à ${endpoint}.`, next: fix };
  }
}
