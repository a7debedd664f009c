import type { Reader, Words } from '../../detail.ts';
import { pluralIn } from '../../language.ts';
import type { WarningCode } from '../../state.ts';
import { failures } from './failures.ts';

const count = pluralIn('fr');

const waits = 'L’application réessaie toute seule ; vous n’avez rien à faire.';
const trafficOff = 'Le trafic vers ce réseau est coupé ; le reste de votre trafic n’est pas touché.';
const trafficElsewhere = 'Le trafic hors du tunnel n’est pas touché.';
const trafficKept = 'Le trafic entre les appareils n’est pas touché.';

const serviceNames: readonly (readonly [string, string])[] = [
  ['iceNegotiation', 'une aide pour négocier des canaux de données'], ['turnServer', 'un relais'], ['meshDns', 'les noms du réseau (DNS)'], ['prometheus', 'des mesures pour Prometheus'],
];

function told(d: Reader): Words | undefined {
  const code = d.failure();
  return code && failures[code](d);
}

function ends(d: Reader): string {
  const days = d.number('days');
  if (days === null) return 'expire bientôt';
  if (days < 0) return 'a expiré';
  return days < 1 ? 'expire aujourd’hui' : count(Math.floor(days), { one: 'expire dans # jour', other: 'expire dans # jours' });
}

function isOver(d: Reader): boolean {
  return (d.number('days') ?? 0) < 0;
}

export const warnings: Readonly<Record<WarningCode, (d: Reader) => Words>> = {
  'clear-text': (d) => ({
    what: `Rejoindre et gérer le réseau${d.named('name', 'profile')} n’est pas chiffré. Le trafic dans le tunnel l’est.`,
    next: 'Ne l’utilisez qu’entre des machines et sur des réseaux en qui vous avez confiance.',
  }),
  'helper-missing': (d) => {
    for (const code of ['auth.not-permitted', 'helper.not-trusted'] as const) if (d.is('failure', code)) return failures[code](d);
    return { what: `Le service système qui crée le tunnel n’est pas lancé, cet appareil ne peut donc pas se connecter. ${trafficElsewhere}`, next: 'Démarrez le service. L’application s’en aperçoit toute seule.' };
  },
  'helper-old': (d) => ({
    what: `Le service système${d.aside('version')} est plus ancien que l’application, une nouveauté peut donc ne pas fonctionner. ${trafficKept}`,
    next: 'Redémarrez cet appareil ou le service ; si rien ne change, réinstallez l’application.',
  }),
  'engine-missing': (d) => ({
    what: `Ce système n’a pas de WireGuard utilisable, ni le module du noyau ni wireguard-go${d.because()}. ${trafficElsewhere}`,
    next: 'Installez WireGuard (sous Debian et Ubuntu : le paquet wireguard ou wireguard-go ; sous Windows et macOS : de nouveau cette application, qui l’apporte).',
  }),
  'offline': () => ({
    what: 'Cet appareil n’a pas de réseau, aucun autre appareil n’est donc joignable. Rien n’est envoyé, rien n’est donc en danger.',
    next: 'Vérifiez le câble ou le réseau sans fil. L’application reprend toute seule quand le réseau revient.',
  }),
  'cannot-connect': (d) => told(d) ?? { what: `Cet appareil ne peut pas se connecter. ${trafficOff}`, next: 'Réessayez.' },
  'connection-lost': (d) => ({ what: told(d)?.what ?? `La connexion au réseau a été perdue. ${trafficOff}`, next: waits }),
  'node-down': (d) => ({
    what: `La partie de l’application qui participe au réseau n’est pas lancée${d.because()}. Les tunnels existants continuent de fonctionner.`,
    next: `Elle est en train de redémarrer. ${waits}`,
  }),
  'node-port-in-use': (d) => ({
    what: `Un autre programme sur cet appareil utilise déjà ${d.with(['port'], (port) => `le port TCP ${port}`) || 'un port'}, les autres appareils ne peuvent donc pas joindre ici le nœud du réseau. Les tunnels existants continuent de fonctionner.`,
    next: 'Arrêtez ce programme ; l’application s’en aperçoit toute seule. Ou ajoutez le réseau une nouvelle fois avec un autre port.',
  }),
  'control-plane-lost': () => ({
    what: 'Les changements sont gelés, le trafic passe : les nœuds qui gèrent le réseau sont injoignables.',
    next: 'Les appareils continuent de se joindre. Rejoindre, quitter et régler le réseau attendent le retour des nœuds.',
  }),
  'not-replicating': () => ({
    what: 'Ce réseau n’envoie pas les changements de lui-même, l’application demande donc la liste des pairs toutes les quelques secondes. Le trafic passe.',
    next: 'Les nouveaux pairs apparaissent un peu plus tard que d’habitude. Une mise à jour des nœuds du réseau y mettrait fin.',
  }),
  'peer-unreachable': (d) => ({
    what: d.many('count') > 1 ? count(d.many('count'), { other: '# pairs sont injoignables en ce moment. Les autres ne sont pas touchés.' }) : `${d.quote(['peer'], 'Un pair')} est injoignable en ce moment. Les autres ne sont pas touchés.`,
    next: 'Ouvrez Pairs pour voir lesquels, et pourquoi.',
  }),
  'file-set-aside': (d) => ({
    what: `Un fichier de l’application était endommagé${d.at('path', 'file', 'socket')}. Il a été mis de côté et l’application a démarré avec ses valeurs par défaut.`,
    next: `Rien n’a été supprimé${d.at('keptAs')}. Corrigez le fichier et remettez-le si vous avez besoin de son contenu.`,
  }),
  'disk-full': (d) => ({
    what: `Le disque${d.at('path')} est presque plein. ${trafficKept}`,
    next: 'Libérez de la place : les changements du réseau ne peuvent être conservés que tant qu’il en reste.',
  }),
  'certificate-expiring': (d) => ({
    what: `Le certificat de cet appareil ${ends(d)}. ${isOver(d) ? 'Il ne sert plus qu’à son propre renouvellement.' : 'Tout fonctionne d’ici là.'}`,
    next: 'Il se renouvelle tout seul tant que le réseau est joignable ; connectez-vous et laissez l’application ouverte une minute.',
  }),
  'device-expiring': (d) => ({
    what: d.many('count') > 1 ? count(d.many('count'), { other: `Le certificat de # appareils ${ends(d)}.` }) : `Le certificat de ${d.quote(['name', 'id', 'device'], 'l’un des appareils')} ${ends(d)}.`,
    next: 'Il se renouvelle tout seul quand cet appareil est allumé et connecté. Un appareil absent trop longtemps a besoin d’une nouvelle invitation.',
  }),
  'device-pending': (d) => ({
    what: d.many('count') > 1 ? count(d.many('count'), { other: '# appareils souhaitent rejoindre le réseau et attendent un admin.' }) : `${d.quote(['name', 'id', 'device'], 'Un appareil')} souhaite rejoindre le réseau et attend un admin.`,
    next: 'Ouvrez Personnes, comparez l’empreinte avec la personne, puis acceptez ou refusez.',
  }),
  'authority-pending': (d) => ({
    what: d.many('count') > 1 ? count(d.many('count'), { other: '# appareils qui gèrent le réseau ne peuvent pas encore signer pour de nouveaux appareils. Tout le reste fonctionne.' })
      : `${d.quote(['node', 'id', 'name'], 'Un appareil')} gère le réseau et ne peut pas encore signer pour de nouveaux appareils. Tout le reste fonctionne.`,
    next: 'Connectez l’appareil qui garde la clé racine ; il l’accorde tout seul.',
  }),
  'root-not-exported': () => ({
    what: 'La clé racine de ce réseau n’existe que sur cet appareil. Si l’appareil est perdu, plus personne ne pourra faire signer pour de nouveaux appareils.',
    next: 'Ouvrez Personnes et enregistrez la clé racine dans un fichier protégé par une phrase secrète ; gardez ce fichier ailleurs.',
  }),
  'renewal-failing': (d) => ({
    what: `Le certificat de cet appareil n’a pas pu être renouvelé${d.because()}. Il ${ends(d)} ; ${isOver(d) ? 'il ne sert plus qu’à son propre renouvellement' : 'tout fonctionne d’ici là'}.`,
    next: waits,
  }),
  'sign-in-needed': (d) => ({
    what: `Le réseau local de cet appareil répond à la place du vôtre${d.with(['host'], (host) => ` et renvoie vers ${host}`)}. Il demande sans doute de s’identifier d’abord, comme à l’hôtel ou dans le train. ${trafficOff}`,
    next: 'Identifiez-vous sur sa page, mais seulement si une telle page est attendue là où vous êtes. L’application se connecte ensuite d’elle-même.',
  }),
  'secrets-in-file': (d) => ({
    what: `Ce système n’a pas de trousseau utilisable par l’application, les clés sont donc dans un fichier${d.at('path', 'file')} que seul votre utilisateur peut lire.`,
    next: 'Vous n’avez rien à faire. Chiffrer le disque protège le fichier en cas de vol de la machine.',
  }),
  'udp-blocked': () => ({
    what: 'Le réseau sur lequel se trouve cet appareil ne laisse pas passer UDP, ses paquets passent donc par un autre membre. Tout fonctionne, plus lentement.',
    next: 'Vous n’avez rien à faire. Un autre réseau, ou un mot à la personne qui gère celui-ci, le rend plus rapide.',
  }),
  'dns-not-set': (d) => ({ what: `Les autres programmes de cet appareil ne trouvent pas les appareils du réseau par leur nom${d.because()}.`, next: 'Leurs adresses fonctionnent. Un nouvel essai a lieu chaque minute.' }),
  'service-down': (d) => ({
    what: `Cet appareil doit offrir ${serviceNames.find(([service]) => d.is('service', service))?.[1] ?? 'un service'} au réseau, et il ne répond pas${d.because()}.`,
    next: 'Un nouvel essai a lieu tout seul. Un autre programme sur cet appareil occupe peut-être son port ; arrêtez ce programme, ou désactivez l’offre.',
  }),
  'audit-broken': (d) => ({
    what: `Le journal d’audit n’est plus cohérent${d.with(['sequence'], (entry) => ` (entrée ${entry})`)} : quelqu’un l’a peut-être modifié sur le disque. Le trafic n’est pas touché.`,
    next: 'Exportez le journal depuis plusieurs appareils et comparez-les ; cherchez ensuite qui a eu accès à la machine.',
  }),
};
