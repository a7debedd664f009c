import type { Reader, Words } from '../../detail.ts';
import type { UpdateWords } from '../type.ts';

const kept = 'Es wurde nichts installiert; diese Version läuft weiter wie bisher.';
const again = 'Versuchen Sie es morgen erneut. Wenn es dabei bleibt, sehen Sie auf der Seite des Projekts nach, ob mit seinen Veröffentlichungen etwas ist, und installieren Sie von dort von Hand.';
const byPackage = 'Installieren Sie es in einem Terminal mit der Paketverwaltung.';
const byFinder = 'Öffnen Sie diese Datei im Finder; macOS prüft sie und fragt vor der Installation um Erlaubnis.';

export const updateFailures = {
  'update.off': () => ({
    what: 'Diese Ausgabe kennt keinen Ort, an dem es neuere Versionen gibt, und sieht deshalb nirgends nach.',
    next: 'Installieren Sie neuere Versionen so, wie Sie diese installiert haben: mit der Paketverwaltung oder von der Seite des Projekts.',
  }),
  'update.unreachable': (d: Reader) => ({
    what: `Der Ort, an dem neuere Versionen liegen, konnte nicht gelesen werden${d.because()}. ${kept}`,
    next: 'Prüfen Sie, ob dieses Gerät Zugang zum Internet hat, und sehen Sie dann erneut nach.',
  }),
  'update.bad-signature': (d: Reader) => ({
    what: `Die Angaben über neuere Versionen${d.aside('file')} sind nicht von den Machern dieser App unterschrieben. Sie wurden verworfen. ${kept}`,
    next: `Vielleicht ändert sie jemand unterwegs, in diesem Netz oder am Ort selbst. ${again}`,
  }),
  'update.expired': (d: Reader) => ({
    what: `Die Angaben über neuere Versionen${d.aside('file')} sind zu alt, um ihnen zu glauben. Sie wurden verworfen. ${kept}`,
    next: `Prüfen Sie zuerst, ob die Uhr dieses Geräts richtig geht. Vielleicht hält jemand neuere Angaben zurück. ${again}`,
  }),
  'update.older': (d: Reader) => ({
    what: `Die Angaben über neuere Versionen${d.aside('file')} sind älter als die, die schon hier waren. Sie wurden verworfen. ${kept}`,
    next: `Vielleicht möchte jemand, dass Sie eine alte Version mit bekannten Fehlern nehmen. ${again}`,
  }),
  'update.damaged': (d: Reader) => ({
    what: `Die Angaben über neuere Versionen${d.aside('file')} ergeben keinen Sinn: Teile fehlen, sind verändert oder gehören nicht zusammen. Sie wurden verworfen. ${kept}`,
    next: again,
  }),
  'update.too-large': (d: Reader) => ({
    what: `Es kam mehr, als kommen sollte${d.aside('file')}. Es wurde abgebrochen und verworfen. ${kept}`,
    next: again,
  }),
  'update.wrong-hash': (d: Reader) => ({
    what: `Das Installationsprogramm${d.aside('file')} ist nicht das, das die Macher dieser App unterschrieben haben. Es wurde verworfen. ${kept}`,
    next: `Beim Herunterladen ist vielleicht etwas schiefgegangen, oder jemand hat es verändert. Laden Sie es noch einmal herunter. ${again}`,
  }),
  'update.record-damaged': (d: Reader) => ({
    what: `Die eigene Notiz der App, wie neue Angaben aussehen müssen, ist beschädigt${d.at('path')}. Sie sucht keine neuere Version, weil man ihr eine alte geben könnte. ${kept}`,
    next: 'Installieren Sie die neueste Version von Hand von der Seite des Projekts oder mit der Paketverwaltung. Entfernen Sie dann diese Datei; die App beginnt neu.',
  }),
} satisfies Readonly<Record<string, (d: Reader) => Words>>;

export const updates: UpdateWords = {
  install: {
    deb: byPackage, rpm: byPackage, pkg: byFinder, dmg: byFinder,
    AppImage: 'Beenden Sie die App, legen Sie diese Datei an die Stelle der jetzigen, erlauben Sie ihre Ausführung und starten Sie sie.',
    exe: 'Öffnen Sie diese Datei im Datei-Explorer; Windows fragt vor der Installation um Erlaubnis.',
  },
  neverLooked: (version) => ({ what: `Das ist Version ${version}. Die App hat nicht nach einer neueren gesucht.`, next: 'Sie sucht, wenn Sie es möchten, oder einmal am Tag, wenn Sie es erlauben.' }),
  newest: (version) => ({ what: `Das ist Version ${version}, die neueste, die gefunden wurde.`, next: 'Sie müssen nichts tun.' }),
  checking: { what: 'Eine neuere Version wird gesucht …', next: 'Das dauert einige Sekunden.' },
  available: (version) => ({ what: `Version ${version} kann heruntergeladen werden. Sie ist von den Machern dieser App unterschrieben.`, next: 'Sie wird noch einmal geprüft, wenn sie hier ist, und nichts wird ohne Sie installiert.' }),
  downloading: (version) => ({ what: `Version ${version} wird heruntergeladen.`, next: 'Sie können die App weiter benutzen.' }),
  ready: (version) => `Version ${version} ist hier und geprüft.`,
  refused: { what: 'Die letzte Suche nach einer neueren Version wurde abgewiesen.', next: 'Der Grund steht daneben.' },
};
