import type { FailureCode } from '../../../base/failure.ts';
import type { Reader, Words } from '../../detail.ts';
import { pluralIn } from '../../language.ts';
import { beside } from '../beside.ts';
import { updateFailures } from './updates.ts';

const count = pluralIn('fr');

const waits = 'L’application réessaie toute seule ; vous n’avez rien à faire.';
const trafficOff = 'Le trafic vers ce réseau est coupé ; le reste de votre trafic n’est pas touché.';
const nothingJoined = 'Rien n’a été modifié sur cet appareil.';
const trafficKept = 'Le trafic entre les appareils n’est pas touché.';
const udpPort = (d: Reader): string => d.with(['port'], (port) => `le port UDP ${port}`) || 'le port WireGuard';
/** Taken by another network of this machine, which people know by its name. */
const besideNetwork = (d: Reader): Words | null => beside(d.quote(['other'], ''), (other) => ({
  what: `Votre réseau ${other} utilise déjà ${udpPort(d)}, choisi aussi pour celui-ci.`,
  next: `Déconnectez ${other} et réessayez, ou utilisez un autre port : les autres appareils l’apprennent d’eux-mêmes.`,
}));
const insideNetwork = (d: Reader): Words | null => beside(d.quote(['other'], ''), (other) => ({
  what: `Votre réseau ${other} utilise des adresses dont celui-ci a aussi besoin${d.aside('what')}. ${other} reste tel quel.`,
  next: `Déconnectez ${other}, puis réessayez : deux réseaux qui ont les mêmes adresses ne peuvent pas être connectés en même temps.`,
}));
const tcpPort = (d: Reader): string => d.with(['port'], (port) => `le port TCP ${port}`) || 'un port';

function earlier(d: Reader): string {
  const calls = d.number('calls');
  return calls === null ? 'une demande précédente' : count(calls, { one: '# demande précédente', other: '# demandes précédentes' });
}

export const failures: Readonly<Record<FailureCode, (d: Reader) => Words>> = {
  'auth.unauthenticated': (d) => ({
    what: `Le réseau n’a pas reconnu cet appareil${d.at('address')}. ${trafficOff}`,
    next: 'Demandez à la personne qui gère le réseau de laisser entrer cet appareil, puis réessayez.',
  }),
  'auth.not-permitted': (d) => ({
    what: `Ceci n’est pas autorisé${d.at('path', 'file', 'socket')}${d.because()}.`,
    next: 'Demandez l’autorisation à la personne qui gère le réseau ou cet appareil, puis réessayez.',
  }),
  'auth.pending': (d) => ({
    what: `Le réseau${d.named('network', 'name')} connaît cet appareil, qui attend un admin. ${trafficOff}`,
    next: 'Lisez l’empreinte de cet appareil à un admin, qui la compare et accepte l’appareil. L’application continue ensuite toute seule.',
  }),
  'auth.revoked': (d) => ({
    what: `Un admin a exclu cet appareil du réseau${d.named('network', 'name')}. ${trafficOff}`,
    next: 'Si c’était une erreur, demandez une nouvelle invitation à un admin et rejoignez le réseau avec elle ; l’appareil reçoit alors une nouvelle clé et un nouveau nom.',
  }),
  'auth.expired': (d) => ({
    what: `Le certificat de cet appareil a expiré${d.at('address')}, le réseau ne le laisse donc plus entrer. ${trafficOff}`,
    next: 'Il est resté éteint plus longtemps que la durée d’un certificat. Vérifiez que son horloge est juste, puis demandez une nouvelle invitation à un admin et rejoignez le réseau avec elle.',
  }),
  'auth.invite-invalid': () => ({
    what: `Le réseau n’accepte pas cette invitation : elle a été annulée, ou n’y a jamais été créée. ${nothingJoined}`,
    next: 'Demandez-en une nouvelle à la personne qui vous a invité.',
  }),
  'auth.invite-expired': () => ({
    what: `Cette invitation est trop ancienne. ${nothingJoined}`,
    next: 'Demandez-en une nouvelle à la personne qui vous a invité. Si elle vient d’être créée, vérifiez que l’horloge de cet appareil est juste.',
  }),
  'auth.invite-used': () => ({
    what: `Cette invitation a déjà été utilisée autant de fois qu’elle le pouvait. ${nothingJoined}`,
    next: 'Demandez-en une nouvelle à la personne qui vous a invité. Si vous étiez seul à l’avoir, dites-le-lui : elle peut voir quel appareil s’en est servi et l’exclure.',
  }),
  'auth.wrong-mesh': (d) => ({
    what: `Un autre réseau que celui attendu répond${d.at('address')}. Rien ne lui a été envoyé. ${trafficOff}`,
    next: 'Son adresse a peut-être été attribuée à quelqu’un d’autre, ou quelque chose sur le chemin se fait passer pour votre réseau. Demandez une nouvelle invitation et comparez l’empreinte en rejoignant le réseau.',
  }),
  'auth.clear-text': (d) => ({
    what: `Le réseau${d.at('address')} répond en clair, et ce n’était pas demandé. L’application n’est pas allée plus loin. ${trafficOff}`,
    next: 'Si c’est un ancien réseau sans certificats, ajoutez-le comme ancien réseau en clair. Sinon, ne l’utilisez pas.',
  }),
  'auth.too-many-tries': (d) => ({
    what: `Il y a eu trop de tentatives pour rejoindre le réseau${d.at('address')}, qui cesse un moment de répondre. ${trafficOff}`,
    next: 'Il répondra de nouveau dans une minute environ. L’application continue d’essayer.',
  }),

  'mesh.unreachable': (d) => ({
    what: `Pas de réponse : ${d.or(['address'], 'le réseau')} est injoignable. ${trafficOff}`,
    next: 'Vérifiez l’adresse, et que l’autre machine est allumée et joignable d’ici. L’application continue d’essayer.',
  }),
  'mesh.timeout': (d) => ({
    what: `Cela a pris trop de temps${d.with(['what'], (what) => ` : ${what}`)}${d.at('address')}${d.seconds('deadlineMs', (n) => count(n, { one: ', plus de # seconde', other: ', plus de # secondes' }))}.`,
    next: `Le réseau est peut-être lent ou éloigné. ${waits}`,
  }),
  'mesh.refused': (d) => ({
    what: `Le réseau a refusé cette demande${d.because()}.`,
    next: 'Corrigez ce qu’il indique, ou interrogez la personne qui gère le réseau, puis réessayez.',
  }),
  'mesh.incompatible': (d) => ({
    what: `Cette application et le réseau${d.at('address')} ne vont pas ensemble${d.because()}. ${trafficOff}`,
    next: 'Vérifiez l’adresse et son port. Un réseau en clair doit être rejoint comme tel ; sinon, l’un des deux côtés doit être mis à jour.',
  }),
  'mesh.not-leader': (d) => ({
    what: `${d.capital(['node'], 'Ce nœud')} ne dirige pas le réseau en ce moment. ${trafficKept}`,
    next: `La demande va au nœud qui dirige. ${waits}`,
  }),
  'mesh.no-leader': () => ({
    what: `Aucun des nœuds qui gèrent le réseau ne le dirige en ce moment. ${trafficKept}`,
    next: 'Les changements attendent que plus de la moitié d’entre eux soient allumés et se joignent. L’application continue d’essayer.',
  }),
  'mesh.address-exhausted': (d) => ({
    what: `Le réseau${d.named('network')} n’a plus d’adresse libre pour cet appareil.`,
    next: 'Retirez les appareils qui ne servent plus, ou créez un réseau avec une plage d’adresses plus grande.',
  }),
  'mesh.not-found': (d) => ({
    what: `Le réseau ne connaît pas ${d.quote(['node', 'id', 'peer', 'name'], 'cet appareil')}.`,
    next: 'Il est peut-être parti. Vérifiez le nom et regardez la liste des pairs.',
  }),
  'mesh.busy': () => ({
    what: `Le réseau reçoit en ce moment plus de demandes qu’il ne peut en traiter. ${trafficKept}`,
    next: waits,
  }),

  'network.offline': () => ({
    what: 'Cet appareil est hors ligne.',
    next: 'L’application se connecte toute seule dès qu’un réseau revient.',
  }),

  'helper.unreachable': (d) => ({
    what: `Le service système qui crée le tunnel ne répond pas${d.at('path', 'file', 'socket')}${d.because()}.`,
    next: 'Démarrez le service, ou redémarrez cet appareil. L’application se connecte toute seule dès que le service répond.',
  }),
  'helper.not-trusted': (d) => ({
    what: `Ce qui se trouve à la place du service système${d.at('path', 'file', 'socket')} n’est pas digne de confiance${d.because()}. L’application ne lui a pas parlé.`,
    next: 'Redémarrez le service en tant qu’administrateur ; si cela se reproduit, réinstallez l’application depuis une source sûre.',
  }),
  'helper.lost': () => ({
    what: 'Le service système qui crée le tunnel s’est arrêté en plein travail. Le trafic peut s’interrompre un instant.',
    next: `Il redémarre et remet tout en place. ${waits}`,
  }),
  'helper.version': (d) => ({
    what: `Le service système${d.aside('helper', 'version', 'theirs')} et cette application${d.aside('app', 'ours')} ont des versions qui ne vont pas ensemble.`,
    next: 'Installez la version la plus récente de l’application, qui apporte son propre service, puis redémarrez-la.',
  }),
  'helper.stale': () => ({
    what: 'Une demande plus récente a dépassé celle-ci, qui a donc été laissée de côté. Elle n’a rien changé.',
    next: waits,
  }),
  'helper.declined': (d) => (d.quote(['holder'], '') !== '' ? {
    what: `Quelqu’un d’autre sur cette machine, ${d.quote(['holder'], '')}, est connecté, et le service du tunnel ne sert qu’un utilisateur à la fois. ${trafficOff}`,
    next: 'Demandez à cet utilisateur de se déconnecter, ou connectez-vous après lui.',
  } : {
    what: `Le système a demandé l’autorisation de démarrer le service du tunnel et ne l’a pas obtenue. ${trafficOff}`,
    next: 'Réessayez et acceptez lorsque le système demande votre mot de passe.',
  }),

  'tunnel.engine-missing': (d) => ({
    what: `Ce système n’a pas de WireGuard utilisable, ni le module du noyau ni wireguard-go${d.because()}. ${trafficOff}`,
    next: 'Installez WireGuard (sous Debian et Ubuntu : le paquet wireguard ou wireguard-go ; sous Windows et macOS : de nouveau cette application, qui l’apporte), puis réessayez.',
  }),
  'tunnel.not-permitted': (d) => ({
    what: `Le système ne laisse pas le service du tunnel modifier les paramètres réseau${d.because()}. ${trafficOff}`,
    next: 'Lancez le service en tant qu’administrateur ; dans un conteneur, accordez-lui le droit de gérer le réseau (NET_ADMIN).',
  }),
  'tunnel.port-in-use': (d) => besideNetwork(d) ?? ({
    what: `Un autre programme utilise déjà ${udpPort(d)}, dont le tunnel a besoin.`,
    next: 'Utilisez un autre port : les autres appareils l’apprennent d’eux-mêmes. Ou arrêtez ce programme et réessayez.',
  }),
  'tunnel.conflict': (d) => insideNetwork(d) ?? ({
    what: `Quelque chose sur cet appareil utilise déjà ce dont le tunnel a besoin${d.aside('what', 'network', 'route', 'address')}${d.with(['interface', 'device'], (it) => ` : ${it}`)}. Vos connexions actuelles sont restées telles quelles.`,
    next: 'Déconnectez l’autre réseau ou VPN, puis réessayez.',
  }),
  'tunnel.failed': (d) => ({
    what: `Le tunnel n’a pas pu être mis en place${d.because()}. Ce qui avait été modifié a été rétabli.`,
    next: `${waits} Si cela continue, exportez un rapport sous Paramètres, Diagnostic.`,
  }),

  'node.start-failed': (d) => ({
    what: `La partie de l’application qui participe au réseau n’a pas démarré${d.because()}.`,
    next: `${waits} Si cela continue, exportez un rapport sous Paramètres, Diagnostic.`,
  }),
  'node.port-in-use': (d) => ({
    what: `Un autre programme sur cet appareil utilise déjà ${tcpPort(d)}, dont le réseau a besoin.`,
    next: 'Arrêtez ce programme et réessayez, ou ajoutez le réseau une nouvelle fois avec un autre port.',
  }),
  'node.lost': () => ({
    what: 'La partie de l’application qui participe au réseau s’est arrêtée. Les tunnels existants continuent de fonctionner.',
    next: `Elle est en train de redémarrer. ${waits}`,
  }),
  'node.data-damaged': (d) => ({
    what: `La copie des données du réseau sur cet appareil est endommagée${d.because()}. Elle a été conservée, pas écrasée.`,
    next: 'Un membre peut oublier le réseau et le rejoindre à nouveau. Si cet appareil héberge le réseau, restaurez son dossier de données depuis une sauvegarde.',
  }),
  'node.disk-full': (d) => ({
    what: `Le disque est plein${d.at('path', 'file', 'socket')}, plus rien ne peut y être enregistré. Rien de ce qui était enregistré n’est perdu.`,
    next: 'Libérez de la place, puis réessayez.',
  }),
  'node.id-taken': (d) => ({
    what: `Un autre appareil de ce réseau porte déjà ce nom${d.with(['node', 'id', 'nodeId'], (it) => ` : « ${it} »`)}.`,
    next: 'Choisissez un autre nom pour cet appareil, ou retirez l’ancien du réseau, puis réessayez.',
  }),

  'input.invalid': (d) => ({
    what: `${d.field('field', 'argument', 'path')} : cette saisie ne peut pas être utilisée telle quelle${d.because()}.`,
    next: 'Corrigez-la et réessayez ; tout ce que vous avez saisi est encore là.',
  }),
  'input.unknown-profile': (d) => ({
    what: `Il n’y a pas de réseau ${d.quote(['profile', 'name'], 'de ce nom')} sur cet appareil${d.because()}.`,
    next: d.given('hint') || 'Choisissez l’un des réseaux de la liste, ou ajoutez-le.',
  }),
  'input.unknown-command': (d) => ({
    what: `Cette version de l’application ne connaît pas ${d.quote(['name'], 'cette demande')}.`,
    next: 'Fermez toutes les fenêtres de l’application et relancez-la, afin que toutes ses parties aient la même version.',
  }),
  'input.file-damaged': (d) => ({
    what: `Un fichier de l’application n’a pas pu être lu${d.at('path', 'file', 'socket')}${d.because()}. Il a été conservé, pas écrasé.`,
    next: 'Corrigez le fichier, ou déplacez-le et relancez l’application ; elle repart alors de ses valeurs par défaut.',
  }),
  'input.limit': (d) => ({
    what: `${d.field('field', 'what')} : c’est plus que permis${d.with(['max', 'most', 'bytesMax'], (most) => ` (au plus ${most})`)}.`,
    next: 'Réduisez et réessayez.',
  }),
  'input.invite-damaged': (d) => ({
    what: `Ce n’est pas une invitation complète${d.because()}. Rien n’en a été fait.`,
    next: 'Copiez encore une fois le lien entier, de « webmesh: » jusqu’à la fin, ou utilisez le fichier ou le code QR. Si rien ne change, demandez-en une nouvelle.',
  }),
  'input.passphrase': (d) => ({
    what: `La phrase secrète n’ouvre pas ce fichier${d.because()}. Rien n’a été modifié.`,
    next: 'Saisissez-la de nouveau : les majuscules et les espaces comptent. C’est celle qui a été choisie lors de l’export de la clé.',
  }),

  ...updateFailures,

  'app.already-running': () => ({
    what: 'L’application est déjà ouverte pour cet utilisateur.',
    next: 'Utilisez la fenêtre ouverte ; elle a été mise au premier plan.',
  }),
  'app.not-running': () => ({
    what: 'Le contact avec l’application est perdu. Le tunnel reste comme il est.',
    next: 'Relancez l’application si elle ne revient pas toute seule.',
  }),
  'app.busy': (d) => ({
    what: `L’application traite encore ${earlier(d)}${d.because()}.`,
    next: 'Attendez un instant et réessayez.',
  }),
  'internal.unexpected': (d) => ({
    what: `Quelque chose d’imprévu s’est produit dans l’application${d.because()}. Rien de ce que vous avez enregistré n’est perdu.`,
    next: 'Réessayez. Si cela se reproduit, exportez un rapport sous Paramètres, Diagnostic, et envoyez-le-nous.',
  }),
  'internal.storage': (d) => ({
    what: `L’application n’a pas pu enregistrer ses paramètres${d.at('path', 'file', 'socket')}${d.because()}.`,
    next: 'Vérifiez que le disque a de la place et que le dossier vous appartient, puis réessayez.',
  }),
  'internal.secrets': (d) => ({
    what: `L’application ne peut pas lire ou enregistrer ses clés${d.at('path', 'file')}${d.because()}. Rien n’a été envoyé nulle part.`,
    next: 'Déverrouillez le trousseau de ce système, ou vérifiez que le dossier n’appartient qu’à vous, puis réessayez.',
  }),
};
