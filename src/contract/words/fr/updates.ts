import type { Reader, Words } from '../../detail.ts';
import type { UpdateWords } from '../type.ts';

const kept = 'Rien n’a été installé ; cette version continue comme avant.';
const again = 'Réessayez demain. Si rien ne change, voyez sur la page du projet si quelque chose est arrivé à ses versions, et installez à la main depuis cette page.';
const byPackage = 'Installez-la avec le gestionnaire de paquets, dans un terminal.';
const byFinder = 'Ouvrez ce fichier dans le Finder ; macOS le vérifie et demande l’autorisation avant d’installer.';

export const updateFailures = {
  'update.off': () => ({
    what: 'Cette version ne connaît aucun endroit où chercher de nouvelles versions, elle n’en cherche donc pas.',
    next: 'Installez les nouvelles versions comme vous avez installé celle-ci : avec le gestionnaire de paquets, ou depuis la page du projet.',
  }),
  'update.unreachable': (d: Reader) => ({
    what: `L’endroit où se trouvent les nouvelles versions n’a pas pu être lu${d.because()}. ${kept}`,
    next: 'Vérifiez que cette machine a accès à Internet, puis cherchez de nouveau.',
  }),
  'update.bad-signature': (d: Reader) => ({
    what: `Les informations reçues sur les nouvelles versions${d.aside('file')} ne sont pas signées par les auteurs de cette application. Elles ont été jetées. ${kept}`,
    next: `Quelqu’un les modifie peut-être en chemin, sur ce réseau ou à l’endroit même. ${again}`,
  }),
  'update.expired': (d: Reader) => ({
    what: `Les informations sur les nouvelles versions${d.aside('file')} sont trop anciennes pour être crues. Elles ont été jetées. ${kept}`,
    next: `Vérifiez d’abord que l’horloge de cette machine est juste. Quelqu’un retient peut-être des informations plus récentes. ${again}`,
  }),
  'update.older': (d: Reader) => ({
    what: `Les informations reçues sur les nouvelles versions${d.aside('file')} sont plus anciennes que celles déjà présentes. Elles ont été jetées. ${kept}`,
    next: `Quelqu’un veut peut-être vous faire prendre une ancienne version aux défauts connus. ${again}`,
  }),
  'update.damaged': (d: Reader) => ({
    what: `Les informations sur les nouvelles versions${d.aside('file')} n’ont pas de sens : des parties manquent, sont modifiées ou ne vont pas ensemble. Elles ont été jetées. ${kept}`,
    next: again,
  }),
  'update.too-large': (d: Reader) => ({
    what: `Il est arrivé plus que prévu${d.aside('file')}. Le reste a été coupé et le tout jeté. ${kept}`,
    next: again,
  }),
  'update.wrong-hash': (d: Reader) => ({
    what: `L’installateur reçu${d.aside('file')} n’est pas celui que les auteurs de cette application ont signé. Il a été jeté. ${kept}`,
    next: `Le téléchargement s’est peut-être mal passé, ou quelqu’un l’a modifié. Téléchargez-le encore une fois. ${again}`,
  }),
  'update.record-damaged': (d: Reader) => ({
    what: `La note de l’application sur ce que doivent être les nouvelles informations est endommagée${d.at('path')}. Elle ne cherche pas de nouvelle version, car on pourrait lui en donner une ancienne. ${kept}`,
    next: 'Installez la version la plus récente à la main depuis la page du projet ou avec le gestionnaire de paquets. Supprimez ensuite ce fichier ; l’application recommence à neuf.',
  }),
} satisfies Readonly<Record<string, (d: Reader) => Words>>;

export const updates: UpdateWords = {
  install: {
    deb: byPackage, rpm: byPackage, pkg: byFinder, dmg: byFinder,
    AppImage: 'Quittez l’application, mettez ce fichier à la place de l’actuel, autorisez son exécution et lancez-le.',
    exe: 'Ouvrez ce fichier dans l’explorateur de fichiers ; Windows demande l’autorisation avant d’installer.',
  },
  neverLooked: (version) => ({ what: `Ceci est la version ${version}. L’application n’en a pas cherché de plus récente.`, next: 'Elle cherche quand vous le lui demandez, ou une fois par jour si vous le permettez.' }),
  newest: (version) => ({ what: `Ceci est la version ${version}, la plus récente trouvée.`, next: 'Vous n’avez rien à faire.' }),
  checking: { what: 'Recherche d’une nouvelle version…', next: 'Cela prend quelques secondes.' },
  available: (version) => ({ what: `La version ${version} peut être téléchargée. Elle est signée par les auteurs de cette application.`, next: 'Elle sera vérifiée encore une fois à son arrivée, et rien n’est installé sans vous.' }),
  downloading: (version) => ({ what: `La version ${version} est en cours de téléchargement.`, next: 'Vous pouvez continuer à utiliser l’application.' }),
  ready: (version) => `La version ${version} est arrivée et vérifiée.`,
  refused: { what: 'La dernière recherche d’une nouvelle version a été refusée.', next: 'La raison figure à côté.' },
};
