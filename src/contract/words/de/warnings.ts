import type { Reader, Words } from '../../detail.ts';
import { pluralIn } from '../../language.ts';
import type { WarningCode } from '../../state.ts';
import { failures } from './failures.ts';

const count = pluralIn('de');

const waits = 'Die App versucht es von selbst weiter; Sie müssen nichts tun.';
const trafficOff = 'Der Verkehr zu diesem Netzwerk ist aus; Ihr übriger Verkehr ist nicht betroffen.';
const trafficElsewhere = 'Der Verkehr außerhalb des Tunnels ist nicht betroffen.';
const trafficKept = 'Der Verkehr zwischen den Geräten ist nicht betroffen.';

const serviceNames: readonly (readonly [string, string])[] = [
  ['iceNegotiation', 'Hilfe beim Aushandeln von Datenkanälen'], ['turnServer', 'ein Relay'], ['meshDns', 'Namen des Netzwerks (DNS)'], ['prometheus', 'Messwerte für Prometheus'],
];

function told(d: Reader): Words | undefined {
  const code = d.failure();
  return code && failures[code](d);
}

function ends(d: Reader): string {
  const days = d.number('days');
  if (days === null) return 'läuft bald ab';
  if (days < 0) return 'ist abgelaufen';
  return days < 1 ? 'läuft heute ab' : count(Math.floor(days), { one: 'läuft in # Tag ab', other: 'läuft in # Tagen ab' });
}

function isOver(d: Reader): boolean {
  return (d.number('days') ?? 0) < 0;
}

export const warnings: Readonly<Record<WarningCode, (d: Reader) => Words>> = {
  'clear-text': (d) => ({
    what: `Beitritt und Verwaltung des Netzwerks${d.named('name', 'profile')} sind nicht verschlüsselt. Der Verkehr im Tunnel ist es.`,
    next: 'Benutzen Sie es nur zwischen Geräten und in Netzen, denen Sie vertrauen.',
  }),
  'helper-missing': (d) => {
    for (const code of ['auth.not-permitted', 'helper.not-trusted'] as const) if (d.is('failure', code)) return failures[code](d);
    return { what: `Der Systemdienst, der den Tunnel aufbaut, läuft nicht; dieses Gerät kann sich deshalb nicht verbinden. ${trafficElsewhere}`, next: 'Starten Sie den Dienst. Die App bemerkt es von selbst.' };
  },
  'helper-old': (d) => ({
    what: `Der Systemdienst${d.aside('version')} ist älter als die App; Neues funktioniert deshalb vielleicht nicht. ${trafficKept}`,
    next: 'Starten Sie dieses Gerät oder den Dienst neu; wenn es dabei bleibt, installieren Sie die App erneut.',
  }),
  'engine-missing': (d) => ({
    what: `Dieses System hat kein brauchbares WireGuard, weder das Kernelmodul noch wireguard-go${d.because()}. ${trafficElsewhere}`,
    next: 'Installieren Sie WireGuard (unter Debian und Ubuntu: das Paket wireguard oder wireguard-go; unter Windows und macOS: diese App noch einmal, sie bringt es mit).',
  }),
  'offline': () => ({
    what: 'Dieses Gerät hat kein Netz, kein anderes Gerät ist erreichbar. Es wird nichts gesendet, also ist nichts gefährdet.',
    next: 'Prüfen Sie das Kabel oder das WLAN. Die App macht von selbst weiter, sobald das Netz wieder da ist.',
  }),
  'cannot-connect': (d) => told(d) ?? { what: `Dieses Gerät kann sich nicht verbinden. ${trafficOff}`, next: 'Versuchen Sie es erneut.' },
  'connection-lost': (d) => ({ what: told(d)?.what ?? `Die Verbindung zum Netzwerk ist abgebrochen. ${trafficOff}`, next: waits }),
  'node-down': (d) => ({
    what: `Der Teil der App, der am Netzwerk teilnimmt, läuft nicht${d.because()}. Bestehende Tunnel funktionieren weiter.`,
    next: `Er wird neu gestartet. ${waits}`,
  }),
  'node-port-in-use': (d) => ({
    what: `Ein anderes Programm auf diesem Gerät benutzt bereits ${d.with(['port'], (port) => `den TCP-Port ${port}`) || 'einen Port'}; andere Geräte erreichen den Knoten des Netzwerks hier deshalb nicht. Bestehende Tunnel funktionieren weiter.`,
    next: 'Beenden Sie dieses Programm; die App bemerkt es von selbst. Oder fügen Sie das Netzwerk noch einmal mit einem anderen Port hinzu.',
  }),
  'control-plane-lost': () => ({
    what: 'Änderungen sind eingefroren, der Verkehr läuft: Die Knoten, die das Netzwerk verwalten, sind nicht erreichbar.',
    next: 'Die Geräte erreichen einander weiter. Beitreten, Verlassen und Einstellungen des Netzwerks warten, bis die Knoten wieder da sind.',
  }),
  'not-replicating': () => ({
    what: 'Dieses Netzwerk sendet Änderungen nicht von selbst, deshalb fragt die App alle paar Sekunden nach der Liste der Gegenstellen. Der Verkehr läuft.',
    next: 'Neue Gegenstellen erscheinen etwas später als sonst. Ein Update der Knoten des Netzwerks würde das beenden.',
  }),
  'peer-unreachable': (d) => ({
    what: d.many('count') > 1 ? count(d.many('count'), { other: '# Gegenstellen sind zurzeit nicht erreichbar. Die anderen sind nicht betroffen.' }) : `${d.quote(['peer'], 'Eine Gegenstelle')} ist zurzeit nicht erreichbar. Die anderen sind nicht betroffen.`,
    next: 'Öffnen Sie „Gegenstellen“, um zu sehen, welche und warum.',
  }),
  'file-set-aside': (d) => ({
    what: `Eine Datei der App war beschädigt${d.at('path', 'file', 'socket')}. Sie wurde beiseitegelegt, und die App startete mit ihren Vorgaben.`,
    next: `Es wurde nichts gelöscht${d.at('keptAs')}. Korrigieren Sie die Datei und legen Sie sie zurück, wenn Sie ihren Inhalt brauchen.`,
  }),
  'disk-full': (d) => ({
    what: `Der Datenträger${d.at('path')} ist fast voll. ${trafficKept}`,
    next: 'Schaffen Sie etwas Platz: Was sich im Netzwerk ändert, kann nur gespeichert werden, solange Platz ist.',
  }),
  'certificate-expiring': (d) => ({
    what: `Das Zertifikat dieses Geräts ${ends(d)}. ${isOver(d) ? 'Es taugt nur noch für die eigene Erneuerung.' : 'Bis dahin funktioniert alles.'}`,
    next: 'Es wird von selbst erneuert, solange das Netzwerk erreichbar ist; verbinden Sie sich und lassen Sie die App eine Minute offen.',
  }),
  'device-expiring': (d) => ({
    what: d.many('count') > 1 ? count(d.many('count'), { other: `Das Zertifikat von # Geräten ${ends(d)}.` }) : `Das Zertifikat von ${d.quote(['name', 'id', 'device'], 'einem Gerät')} ${ends(d)}.`,
    next: 'Es wird von selbst erneuert, wenn das Gerät eingeschaltet und verbunden ist. Ein Gerät, das zu lange wegbleibt, braucht eine neue Einladung.',
  }),
  'device-pending': (d) => ({
    what: d.many('count') > 1 ? count(d.many('count'), { other: '# Geräte möchten beitreten und warten auf einen Admin.' }) : `${d.quote(['name', 'id', 'device'], 'Ein Gerät')} möchte beitreten und wartet auf einen Admin.`,
    next: 'Öffnen Sie „Personen“, vergleichen Sie den Fingerabdruck mit der Person und nehmen Sie das Gerät dann an oder lehnen Sie es ab.',
  }),
  'authority-pending': (d) => ({
    what: d.many('count') > 1 ? count(d.many('count'), { other: '# Geräte, die das Netzwerk verwalten, können noch nicht für neue Geräte unterschreiben. Alles andere funktioniert.' })
      : `${d.quote(['node', 'id', 'name'], 'Ein Gerät')} verwaltet das Netzwerk und kann noch nicht für neue Geräte unterschreiben. Alles andere funktioniert.`,
    next: 'Verbinden Sie das Gerät, das den Stammschlüssel hat; es erteilt das von selbst.',
  }),
  'root-not-exported': () => ({
    what: 'Der Stammschlüssel dieses Netzwerks liegt nur auf diesem Gerät. Geht das Gerät verloren, kann niemand mehr neue Geräte unterschreiben lassen.',
    next: 'Öffnen Sie „Personen“ und speichern Sie den Stammschlüssel mit einer Passphrase in einer Datei; bewahren Sie die Datei woanders auf.',
  }),
  'renewal-failing': (d) => ({
    what: `Das Zertifikat dieses Geräts konnte nicht erneuert werden${d.because()}. Es ${ends(d)}; ${isOver(d) ? 'es taugt nur noch für die eigene Erneuerung' : 'bis dahin funktioniert alles'}.`,
    next: waits,
  }),
  'sign-in-needed': (d) => ({
    what: `Das Netz, in dem dieses Gerät ist, antwortet anstelle Ihres Netzwerks${d.with(['host'], (host) => ` und verweist auf ${host}`)}. Wahrscheinlich verlangt es erst eine Anmeldung, wie in Hotels und Zügen. ${trafficOff}`,
    next: 'Melden Sie sich auf seiner Seite an, aber nur, wenn Sie dort, wo Sie sind, eine solche Seite erwarten. Danach verbindet sich die App von selbst.',
  }),
  'secrets-in-file': (d) => ({
    what: `Dieses System hat keinen Schlüsselbund, den die App benutzen kann; die Schlüssel liegen deshalb in einer Datei${d.at('path', 'file')}, die nur Ihr Benutzer lesen kann.`,
    next: 'Sie müssen nichts tun. Ein verschlüsselter Datenträger schützt die Datei, falls das Gerät gestohlen wird.',
  }),
  'udp-blocked': () => ({
    what: 'Das Netz, in dem dieses Gerät ist, lässt kein UDP durch; seine Pakete gehen deshalb über ein anderes Mitglied. Alles funktioniert, nur langsamer.',
    next: 'Sie müssen nichts tun. Ein anderes Netz, oder ein Wort mit dem Betreiber dieses Netzes, macht es schneller.',
  }),
  'dns-not-set': (d) => ({ what: `Andere Programme auf diesem Gerät finden die Geräte des Netzwerks nicht über ihre Namen${d.because()}.`, next: 'Ihre Adressen funktionieren. Jede Minute wird es erneut versucht.' }),
  'service-down': (d) => ({
    what: `Dieses Gerät soll dem Netzwerk etwas anbieten (${serviceNames.find(([service]) => d.is('service', service))?.[1] ?? 'einen Dienst'}), und es antwortet nicht${d.because()}.`,
    next: 'Es wird von selbst erneut versucht. Vielleicht hat ein anderes Programm auf diesem Gerät den Port; beenden Sie es, oder schalten Sie das Angebot aus.',
  }),
  'audit-broken': (d) => ({
    what: `Das Prüfprotokoll passt nicht mehr zusammen${d.with(['sequence'], (entry) => ` (Eintrag ${entry})`)}: Jemand hat es vielleicht auf dem Datenträger geändert. Der Verkehr ist nicht betroffen.`,
    next: 'Exportieren Sie das Protokoll von mehreren Geräten und vergleichen Sie; finden Sie dann heraus, wer Zugriff auf das Gerät hatte.',
  }),
};
