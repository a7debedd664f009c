import { pluralIn } from '../../language.ts';
import type { HealthWords } from '../type.ts';

const count = pluralIn('de');

export const health: HealthWords = {
  titles: {
    'helper-missing': 'Der Systemdienst läuft nicht',
    'helper-old': 'Der Systemdienst ist älter als die App',
    'engine-missing': 'WireGuard fehlt',
    'offline': 'Kein Netz',
    'cannot-connect': 'Verbinden nicht möglich',
    'connection-lost': 'Zurzeit nicht verbunden',
    'node-down': 'Ein Teil der App läuft nicht',
    'node-port-in-use': 'Ein Port ist belegt',
    'control-plane-lost': 'Änderungen sind eingefroren',
    'not-replicating': 'Änderungen kommen später an',
    'peer-unreachable': 'Nicht jede Gegenstelle ist erreichbar',
    'certificate-expiring': 'Das Zertifikat läuft bald ab',
    'renewal-failing': 'Zertifikat konnte nicht erneuert werden',
    'udp-blocked': 'Dieses Netz sperrt UDP',
    'service-down': 'Ein Angebot antwortet nicht',
    'dns-not-set': 'Namen funktionieren in anderen Programmen nicht',
    'audit-broken': 'Das Prüfprotokoll passt nicht zusammen',
    'clear-text': 'Klartext',
    'disk-full': 'Der Datenträger ist fast voll',
    'device-pending': 'Ein Gerät wartet auf Annahme',
    'device-expiring': 'Ein Zertifikat läuft bald ab',
    'authority-pending': 'Ein Gerät kann noch nicht unterschreiben',
    'root-not-exported': 'Vom Stammschlüssel gibt es keine Kopie',
    'file-set-aside': 'Eine beschädigte Datei liegt beiseite',
    'sign-in-needed': 'Dieses Netz verlangt eine Anmeldung',
    'secrets-in-file': 'Schlüssel liegen in einer Datei',
  },
  fixes: {
    'start-helper': 'Dienst starten …', 'try-again': 'Erneut versuchen', 'renew-now': 'Jetzt erneuern', 'look-again': 'Erneut suchen', 'check-network': 'Netz prüfen', 'see-peers': 'Ansehen, welche',
    'open-people': 'Personen öffnen', 'save-root-key': 'Schlüssel speichern …', 'open-audit': 'Protokoll öffnen', 'open-offers': 'Angebote ansehen', 'open-networks': 'Netzwerke ansehen', 'new-invite': 'Andere Einladung benutzen', 'sign-in': 'Anmelden …', 'other-port': 'Anderen Port benutzen',
  },
  fixDone: {
    'start-helper': 'Der Dienst wurde gestartet.', 'renew-now': 'Zertifikat und Tunnelschlüssel dieses Geräts wurden erneuert.', 'look-again': 'Ein Weg dorthin wird gesucht.', 'other-port': 'Ein anderer Port wurde gewählt.',
  },
  severities: { error: 'Fehler', warning: 'Warnung', info: 'Hinweis' },
  notices: {
    connection: { label: 'Verbindung', hint: 'Länger als einen Moment verloren, wieder da oder nicht möglich.' },
    devices: { label: 'Wartende Geräte', hint: 'Jemand möchte beitreten, und ein Admin muss annehmen.' },
    expiry: { label: 'Zertifikate', hint: 'Eines läuft bald ab oder konnte nicht erneuert werden.' },
    service: { label: 'Dieses Gerät', hint: 'Der Dienst, ein Port, der Datenträger, das Prüfprotokoll oder was dieses Gerät für andere tut.' },
  },
  backAgain: { title: 'Webmesh ist wieder verbunden', body: 'Ihre Geräte erreichen einander.' },
  titled: (network, title) => `${network}: ${title}`,
  noticeTitle: (title) => `Webmesh: ${title}`,
  allProblems: (n) => count(n, { one: 'Was dazu zu wissen ist …', other: 'Alle # Probleme und Hinweise …' }),
};
