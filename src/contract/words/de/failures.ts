import type { FailureCode } from '../../../base/failure.ts';
import type { Reader, Words } from '../../detail.ts';
import { pluralIn } from '../../language.ts';
import { beside } from '../beside.ts';
import { updateFailures } from './updates.ts';

const count = pluralIn('de');

const waits = 'Die App versucht es von selbst weiter; Sie müssen nichts tun.';
const trafficOff = 'Der Verkehr zu diesem Netzwerk ist aus; Ihr übriger Verkehr ist nicht betroffen.';
const nothingJoined = 'An diesem Gerät wurde nichts geändert.';
const trafficKept = 'Der Verkehr zwischen den Geräten ist nicht betroffen.';
const udpPort = (d: Reader): string => d.with(['port'], (port) => `den UDP-Port ${port}`) || 'den WireGuard-Port';
/** Taken by another network of this machine, which people know by its name. */
const besideNetwork = (d: Reader): Words | null => beside(d.quote(['other'], ''), (other) => ({
  what: `Ihr Netzwerk ${other} benutzt bereits ${udpPort(d)}, der auch für dieses gewählt wurde.`,
  next: `Trennen Sie ${other} und versuchen Sie es erneut, oder benutzen Sie einen anderen Port: Die anderen Geräte erfahren ihn von selbst.`,
}));
const insideNetwork = (d: Reader): Words | null => beside(d.quote(['other'], ''), (other) => ({
  what: `Ihr Netzwerk ${other} benutzt Adressen, die auch dieses braucht${d.aside('what')}. ${other} bleibt, wie es ist.`,
  next: `Trennen Sie ${other} und versuchen Sie es dann erneut: Zwei Netzwerke mit denselben Adressen können nicht gleichzeitig verbunden sein.`,
}));
const tcpPort = (d: Reader): string => d.with(['port'], (port) => `den TCP-Port ${port}`) || 'einen Port';

function earlier(d: Reader): string {
  const calls = d.number('calls');
  return calls === null ? 'einer früheren Anfrage' : count(calls, { one: '# früheren Anfrage', other: '# früheren Anfragen' });
}

export const failures: Readonly<Record<FailureCode, (d: Reader) => Words>> = {
  'auth.unauthenticated': (d) => ({
    what: `Das Netzwerk hat dieses Gerät nicht erkannt${d.at('address')}. ${trafficOff}`,
    next: 'Bitten Sie den Betreiber des Netzwerks, dieses Gerät hereinzulassen, und versuchen Sie es dann erneut.',
  }),
  'auth.not-permitted': (d) => ({
    what: `Das ist nicht erlaubt${d.at('path', 'file', 'socket')}${d.because()}.`,
    next: 'Bitten Sie den Betreiber des Netzwerks oder dieses Geräts um Erlaubnis und versuchen Sie es dann erneut.',
  }),
  'auth.pending': (d) => ({
    what: `Das Netzwerk${d.named('network', 'name')} kennt dieses Gerät; es wartet auf einen Admin. ${trafficOff}`,
    next: 'Lesen Sie einem Admin den Fingerabdruck dieses Geräts vor; er vergleicht ihn und nimmt das Gerät an. Danach geht es von selbst weiter.',
  }),
  'auth.revoked': (d) => ({
    what: `Ein Admin hat dieses Gerät aus dem Netzwerk${d.named('network', 'name')} ausgeschlossen. ${trafficOff}`,
    next: 'Wenn das ein Versehen war, bitten Sie einen Admin um eine neue Einladung und treten Sie damit bei; das Gerät bekommt dann einen neuen Schlüssel und einen neuen Namen.',
  }),
  'auth.expired': (d) => ({
    what: `Das Zertifikat dieses Geräts ist abgelaufen${d.at('address')}, deshalb lässt das Netzwerk es nicht mehr herein. ${trafficOff}`,
    next: 'Es war länger aus, als ein Zertifikat gilt. Prüfen Sie, ob seine Uhr richtig geht; bitten Sie dann einen Admin um eine neue Einladung und treten Sie damit bei.',
  }),
  'auth.invite-invalid': () => ({
    what: `Das Netzwerk nimmt diese Einladung nicht an: Sie wurde zurückgenommen oder dort nie erstellt. ${nothingJoined}`,
    next: 'Bitten Sie die Person, die Sie eingeladen hat, um eine neue.',
  }),
  'auth.invite-expired': () => ({
    what: `Diese Einladung ist zu alt. ${nothingJoined}`,
    next: 'Bitten Sie die Person, die Sie eingeladen hat, um eine neue. Wenn sie gerade erst erstellt wurde, prüfen Sie, ob die Uhr dieses Geräts richtig geht.',
  }),
  'auth.invite-used': () => ({
    what: `Diese Einladung wurde bereits so oft benutzt, wie sie darf. ${nothingJoined}`,
    next: 'Bitten Sie die Person, die Sie eingeladen hat, um eine neue. Wenn nur Sie sie hatten, sagen Sie es ihr: Sie sieht, welches Gerät damit beigetreten ist, und kann es ausschließen.',
  }),
  'auth.wrong-mesh': (d) => ({
    what: `Ein anderes Netzwerk als das erwartete antwortet${d.at('address')}. Es wurde nichts dorthin gesendet. ${trafficOff}`,
    next: 'Die Adresse gehört vielleicht inzwischen jemand anderem, oder etwas dazwischen gibt sich als Ihr Netzwerk aus. Bitten Sie um eine neue Einladung und vergleichen Sie beim Beitreten den Fingerabdruck.',
  }),
  'auth.clear-text': (d) => ({
    what: `Das Netzwerk${d.at('address')} antwortet im Klartext, und das war nicht verlangt. Die App hat nicht weitergemacht. ${trafficOff}`,
    next: 'Wenn es ein altes Netzwerk ohne Zertifikate ist, fügen Sie es als altes Netzwerk im Klartext hinzu. Benutzen Sie es sonst nicht.',
  }),
  'auth.too-many-tries': (d) => ({
    what: `Es gab zu viele Versuche beizutreten${d.at('address')}; das Netzwerk antwortet deshalb kurz nicht. ${trafficOff}`,
    next: 'In etwa einer Minute antwortet es wieder. Die App versucht es weiter.',
  }),

  'mesh.unreachable': (d) => ({
    what: `Keine Antwort von ${d.or(['address'], 'dem Netzwerk')}. ${trafficOff}`,
    next: 'Prüfen Sie die Adresse und ob das andere Gerät eingeschaltet und von hier erreichbar ist. Die App versucht es weiter.',
  }),
  'mesh.timeout': (d) => ({
    what: `Das hat zu lange gedauert${d.with(['what'], (what) => `: ${what}`)}${d.at('address')}${d.seconds('deadlineMs', (n) => count(n, { one: ', mehr als # Sekunde', other: ', mehr als # Sekunden' }))}.`,
    next: `Das Netzwerk ist vielleicht langsam oder weit weg. ${waits}`,
  }),
  'mesh.refused': (d) => ({
    what: `Das Netzwerk hat diese Anfrage abgelehnt${d.because()}.`,
    next: 'Korrigieren Sie, was es nennt, oder fragen Sie den Betreiber des Netzwerks und versuchen Sie es dann erneut.',
  }),
  'mesh.incompatible': (d) => ({
    what: `Diese App und das Netzwerk${d.at('address')} passen nicht zusammen${d.because()}. ${trafficOff}`,
    next: 'Prüfen Sie die Adresse und ihren Port. Einem Netzwerk im Klartext muss als solchem beigetreten werden; sonst braucht eine der beiden Seiten ein Update.',
  }),
  'mesh.not-leader': (d) => ({
    what: `${d.capital(['node'], 'Dieser Knoten')} leitet das Netzwerk zurzeit nicht. ${trafficKept}`,
    next: `Die Anfrage geht an den leitenden Knoten. ${waits}`,
  }),
  'mesh.no-leader': () => ({
    what: `Unter den Knoten, die das Netzwerk verwalten, leitet zurzeit keiner. ${trafficKept}`,
    next: 'Änderungen warten, bis mehr als die Hälfte von ihnen eingeschaltet ist und einander erreicht. Die App versucht es weiter.',
  }),
  'mesh.address-exhausted': (d) => ({
    what: `Das Netzwerk${d.named('network')} hat keine freie Adresse mehr für dieses Gerät.`,
    next: 'Entfernen Sie Geräte, die nicht mehr benutzt werden, oder erstellen Sie ein Netzwerk mit einem größeren Adressbereich.',
  }),
  'mesh.not-found': (d) => ({
    what: `Das Netzwerk kennt ${d.quote(['node', 'id', 'peer', 'name'], 'dieses Gerät')} nicht.`,
    next: 'Es hat das Netzwerk vielleicht verlassen. Prüfen Sie den Namen und sehen Sie in der Liste der Gegenstellen nach.',
  }),
  'mesh.busy': () => ({
    what: `Das Netzwerk hat gerade mehr Anfragen, als es annehmen kann. ${trafficKept}`,
    next: waits,
  }),

  'network.offline': () => ({
    what: 'Dieses Gerät ist offline.',
    next: 'Die App verbindet sich von selbst, sobald wieder ein Netz da ist.',
  }),

  'helper.unreachable': (d) => ({
    what: `Der Systemdienst, der den Tunnel aufbaut, antwortet nicht${d.at('path', 'file', 'socket')}${d.because()}.`,
    next: 'Starten Sie den Dienst oder dieses Gerät neu. Die App verbindet sich von selbst, sobald der Dienst antwortet.',
  }),
  'helper.not-trusted': (d) => ({
    what: `Dem, was an der Stelle des Systemdiensts steht${d.at('path', 'file', 'socket')}, kann nicht vertraut werden${d.because()}. Die App hat nicht mit ihm gesprochen.`,
    next: 'Starten Sie den Dienst als Administrator neu; wenn das wieder auftritt, installieren Sie die App neu aus einer Quelle, der Sie vertrauen.',
  }),
  'helper.lost': () => ({
    what: 'Der Systemdienst, der den Tunnel aufbaut, wurde mitten in der Arbeit beendet. Der Verkehr stockt vielleicht einen Moment.',
    next: `Er startet neu und stellt alles wieder her. ${waits}`,
  }),
  'helper.version': (d) => ({
    what: `Der Systemdienst${d.aside('helper', 'version', 'theirs')} und diese App${d.aside('app', 'ours')} haben Versionen, die nicht zusammenpassen.`,
    next: 'Installieren Sie die neueste Version der App, die ihren eigenen Dienst mitbringt, und starten Sie sie dann erneut.',
  }),
  'helper.stale': () => ({
    what: 'Eine neuere Anfrage hat diese überholt, deshalb wurde sie ausgelassen. Sie hat nichts geändert.',
    next: waits,
  }),
  'helper.declined': (d) => (d.quote(['holder'], '') !== '' ? {
    what: `Jemand anderes an diesem Gerät, ${d.quote(['holder'], '')}, ist verbunden, und der Tunneldienst bedient nur einen Benutzer zur selben Zeit. ${trafficOff}`,
    next: 'Bitten Sie diesen Benutzer, die Verbindung zu trennen, oder verbinden Sie sich danach.',
  } : {
    what: `Das System hat um Erlaubnis gefragt, den Tunneldienst zu starten, und sie nicht bekommen. ${trafficOff}`,
    next: 'Versuchen Sie es erneut und stimmen Sie zu, wenn das System nach Ihrem Passwort fragt.',
  }),

  'tunnel.engine-missing': (d) => ({
    what: `Dieses System hat kein brauchbares WireGuard, weder das Kernelmodul noch wireguard-go${d.because()}. ${trafficOff}`,
    next: 'Installieren Sie WireGuard (unter Debian und Ubuntu: das Paket wireguard oder wireguard-go; unter Windows und macOS: diese App noch einmal, sie bringt es mit) und versuchen Sie es dann erneut.',
  }),
  'tunnel.not-permitted': (d) => ({
    what: `Das System lässt den Tunneldienst keine Netzwerkeinstellungen ändern${d.because()}. ${trafficOff}`,
    next: 'Führen Sie den Dienst als Administrator aus; geben Sie ihm in einem Container das Recht, das Netzwerk zu verwalten (NET_ADMIN).',
  }),
  'tunnel.port-in-use': (d) => besideNetwork(d) ?? ({
    what: `Ein anderes Programm benutzt bereits ${udpPort(d)}, den der Tunnel braucht.`,
    next: 'Benutzen Sie einen anderen Port: Die anderen Geräte erfahren ihn von selbst. Oder beenden Sie dieses Programm und versuchen Sie es erneut.',
  }),
  'tunnel.conflict': (d) => insideNetwork(d) ?? ({
    what: `Etwas auf diesem Gerät benutzt bereits, was der Tunnel braucht${d.aside('what', 'network', 'route', 'address')}${d.with(['interface', 'device'], (it) => `: ${it}`)}. Ihre jetzigen Verbindungen blieben, wie sie waren.`,
    next: 'Trennen Sie das andere Netzwerk oder VPN und versuchen Sie es dann erneut.',
  }),
  'tunnel.failed': (d) => ({
    what: `Der Tunnel konnte nicht eingerichtet werden${d.because()}. Was geändert worden war, wurde zurückgestellt.`,
    next: `${waits} Wenn es dabei bleibt, exportieren Sie unter Einstellungen, Diagnose einen Bericht.`,
  }),

  'node.start-failed': (d) => ({
    what: `Der Teil der App, der am Netzwerk teilnimmt, ist nicht gestartet${d.because()}.`,
    next: `${waits} Wenn es dabei bleibt, exportieren Sie unter Einstellungen, Diagnose einen Bericht.`,
  }),
  'node.port-in-use': (d) => ({
    what: `Ein anderes Programm auf diesem Gerät benutzt bereits ${tcpPort(d)}, den das Netzwerk braucht.`,
    next: 'Beenden Sie dieses Programm und versuchen Sie es erneut, oder fügen Sie das Netzwerk noch einmal mit einem anderen Port hinzu.',
  }),
  'node.lost': () => ({
    what: 'Der Teil der App, der am Netzwerk teilnimmt, wurde beendet. Bestehende Tunnel funktionieren weiter.',
    next: `Er wird neu gestartet. ${waits}`,
  }),
  'node.data-damaged': (d) => ({
    what: `Die Kopie der Netzwerkdaten auf diesem Gerät ist beschädigt${d.because()}. Sie wurde behalten, nicht überschrieben.`,
    next: 'Ein Mitglied kann das Netzwerk vergessen und erneut beitreten. Wenn dieses Gerät das Netzwerk betreibt, stellen Sie seinen Datenordner aus einer Sicherung wieder her.',
  }),
  'node.disk-full': (d) => ({
    what: `Der Datenträger ist voll${d.at('path', 'file', 'socket')}, dort kann nichts mehr gespeichert werden. Was gespeichert war, ist nicht verloren.`,
    next: 'Schaffen Sie Platz und versuchen Sie es dann erneut.',
  }),
  'node.id-taken': (d) => ({
    what: `Ein anderes Gerät in diesem Netzwerk heißt bereits ${d.quote(['node', 'id', 'nodeId'], 'so')}.`,
    next: 'Wählen Sie einen anderen Namen für dieses Gerät oder entfernen Sie das alte aus dem Netzwerk und versuchen Sie es dann erneut.',
  }),

  'input.invalid': (d) => ({
    what: `${d.field('field', 'argument', 'path')}: So geht diese Angabe nicht${d.because()}.`,
    next: 'Korrigieren Sie sie und versuchen Sie es erneut; alles Eingegebene ist noch da.',
  }),
  'input.unknown-profile': (d) => ({
    what: `Auf diesem Gerät gibt es kein Netzwerk ${d.quote(['profile', 'name'], 'dieses Namens')}${d.because()}.`,
    next: d.given('hint') || 'Wählen Sie eines der Netzwerke aus der Liste oder fügen Sie es hinzu.',
  }),
  'input.unknown-command': (d) => ({
    what: `Diese Version der App kennt ${d.quote(['name'], 'diese Anfrage')} nicht.`,
    next: 'Schließen Sie alle Fenster der App und starten Sie sie neu, damit alle ihre Teile dieselbe Version haben.',
  }),
  'input.file-damaged': (d) => ({
    what: `Eine Datei der App konnte nicht gelesen werden${d.at('path', 'file', 'socket')}${d.because()}. Sie wurde behalten, nicht überschrieben.`,
    next: 'Korrigieren Sie die Datei oder verschieben Sie sie und starten Sie die App neu; sie beginnt dann mit ihren Vorgaben.',
  }),
  'input.limit': (d) => ({
    what: `${d.field('field', 'what')}: Das ist mehr als erlaubt${d.with(['max', 'most', 'bytesMax'], (most) => ` (höchstens ${most})`)}.`,
    next: 'Verkleinern Sie es und versuchen Sie es erneut.',
  }),
  'input.invite-damaged': (d) => ({
    what: `Das ist keine vollständige Einladung${d.because()}. Es wurde nichts damit gemacht.`,
    next: 'Kopieren Sie noch einmal den ganzen Link, von „webmesh:“ bis zum Ende, oder benutzen Sie die Datei oder den QR-Code. Wenn es dabei bleibt, bitten Sie um eine neue.',
  }),
  'input.passphrase': (d) => ({
    what: `Die Passphrase öffnet diese Datei nicht${d.because()}. Es wurde nichts geändert.`,
    next: 'Geben Sie sie noch einmal ein: Großbuchstaben und Leerzeichen zählen. Es ist die, die beim Export des Schlüssels gewählt wurde.',
  }),

  ...updateFailures,

  'app.already-running': () => ({
    what: 'Die App läuft für diesen Benutzer bereits.',
    next: 'Benutzen Sie das offene Fenster; es wurde nach vorn geholt.',
  }),
  'app.not-running': () => ({
    what: 'Der Kontakt zur App ist verloren. Der Tunnel bleibt, wie er ist.',
    next: 'Starten Sie die App neu, wenn sie nicht von selbst zurückkommt.',
  }),
  'app.busy': (d) => ({
    what: `Die App arbeitet noch an ${earlier(d)}${d.because()}.`,
    next: 'Warten Sie einen Moment und versuchen Sie es erneut.',
  }),
  'internal.unexpected': (d) => ({
    what: `Etwas ist schiefgegangen, womit die App nicht gerechnet hat${d.because()}. Nichts Gespeichertes ist verloren.`,
    next: 'Versuchen Sie es erneut. Wenn es wieder auftritt, exportieren Sie unter Einstellungen, Diagnose einen Bericht und senden Sie ihn uns.',
  }),
  'internal.storage': (d) => ({
    what: `Die App konnte ihre Einstellungen nicht speichern${d.at('path', 'file', 'socket')}${d.because()}.`,
    next: 'Prüfen Sie, ob der Datenträger Platz hat und der Ordner Ihnen gehört, und versuchen Sie es dann erneut.',
  }),
  'internal.secrets': (d) => ({
    what: `Die App kann ihre Schlüssel nicht lesen oder speichern${d.at('path', 'file')}${d.because()}. Es wurde nichts gesendet.`,
    next: 'Entsperren Sie den Schlüsselbund dieses Systems oder prüfen Sie, ob der Ordner nur Ihnen gehört, und versuchen Sie es dann erneut.',
  }),
};
