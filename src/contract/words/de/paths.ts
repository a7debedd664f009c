import type { Words } from '../../detail.ts';
import type { PathsWords, Why } from '../type.ts';

const mapPort = 'schalten Sie die Portzuordnung ein (PCP, NAT-PMP oder UPnP) oder leiten Sie den WireGuard-Port (UDP) weiter';
const byItself = 'Es wird von selbst erneut versucht.';
const addRelay = 'Schalten Sie das Relay auf einem Gerät des Netzwerks ein, das alle anderen erreichen.';
const nothing = 'Sie müssen nichts tun.';

export const paths: PathsWords = {
  self: { word: 'Dieses Gerät', what: 'Das ist das Gerät, das Sie benutzen.' },
  down: { word: 'Aus', what: 'Dieses Gerät ist nicht verbunden, deshalb ist keine Gegenstelle erreichbar.' },
  silent: { word: 'Still', what: 'Sie hat früher geantwortet, aber seit mehr als drei Minuten nicht mehr. Vielleicht schläft sie, ist aus oder auf dem Weg in ein anderes Netz.' },
  direct: {
    word: 'Direkt',
    what: 'Pakete gehen geradewegs zu dieser Gegenstelle, Ende zu Ende verschlüsselt.',
    how: {
      lan: 'Pakete gehen im selben lokalen Netz geradewegs zu dieser Gegenstelle, Ende zu Ende verschlüsselt.',
      public: 'Pakete gehen geradewegs an die öffentliche Adresse dieser Gegenstelle, Ende zu Ende verschlüsselt.',
      mapped: 'Pakete gehen geradewegs an einen Port, den ein Router für diese Gegenstelle öffnet, Ende zu Ende verschlüsselt.',
      punched: 'Pakete gehen durch die Router beider Seiten geradewegs zu dieser Gegenstelle, Ende zu Ende verschlüsselt.',
    },
  },
  ice: {
    raw: { word: 'Gerät zu Gerät', what: 'Pakete gehen von Gerät zu Gerät auf einem Weg, den die App offen hält, Ende zu Ende verschlüsselt.' },
    channel: { word: 'Gerät zu Gerät', what: 'Pakete gehen von Gerät zu Gerät in einem Datenkanal, Ende zu Ende verschlüsselt. Wo Pakete verloren gehen, ist das langsam.' },
  },
  relay: {
    word: (node) => `Über ${node}`,
    member: 'ein Mitglied',
    packets: 'Pakete gehen über ein anderes Mitglied. Es reicht sie weiter und kann sie nicht lesen.',
    overTcp: 'Pakete gehen per TCP über ein anderes Mitglied. Es reicht sie weiter und kann sie nicht lesen.',
  },
  waiting: {
    'no-handshake-yet': { word: 'Wartet', what: 'Der Tunnel zu dieser Gegenstelle ist eingerichtet, sie hat aber noch nicht geantwortet. Wenn sie eingeschaltet ist, dauert das ein paar Sekunden.' },
    'peer-has-no-endpoint': { word: 'Wartet', what: 'Diese Gegenstelle hat nicht gesagt, wo sie erreichbar ist. Sie muss dieses Gerät zuerst ansprechen.' },
    'both-behind-nat': { word: 'Wartet', what: 'Dieses Gerät und die Gegenstelle sitzen beide hinter Routern, die sie verbergen.' },
    looking: { word: 'Wird gesucht', what: 'Ein Weg zu dieser Gegenstelle wird gesucht. Wenn sie eingeschaltet ist, dauert das ein paar Sekunden.' },
    'no-path': { word: 'Kein Weg', what: 'Zurzeit funktioniert kein Weg zu dieser Gegenstelle. Es wird von selbst weiter gesucht.' },
  },
  tiers: { direct: 'Direkt', punch: 'Durch beide Router', ice: 'Gerät zu Gerät', channel: 'Datenkanal', turn: 'Relay', stream: 'Relay über TCP' },
  thisWay: 'Dieser Weg',
  nat: {
    unknown: { word: 'Noch nicht bekannt', what: 'Noch kein anderes Gerät hat gesagt, wie dieses von außen aussieht.' },
    open: { word: 'Kein Router dazwischen', what: 'Andere sehen dieses Gerät unter seiner eigenen Adresse.' },
    easy: { word: 'Ein Router, der mitspielt', what: 'Er behält einen öffentlichen Port für den Tunnel, deshalb treffen andere Geräte dieses meist direkt.' },
    hard: { word: 'Ein strenger Router', what: 'Er nimmt für jede Verbindung einen anderen öffentlichen Port, deshalb trifft nicht jedes Gerät dieses direkt.' },
    blocked: { word: 'UDP ist gesperrt', what: 'Über UDP kommt nichts zurück, deshalb gehen Pakete per TCP über ein Mitglied, was langsamer ist.' },
  },
  why: {
    'no-answer': noAnswer,
    'both-nats-hard': () => ({ what: 'Die Router beider Seiten nehmen für jede Verbindung einen anderen öffentlichen Port, deshalb findet kein Gerät das andere.', next: `Auf einem der beiden Router: ${mapPort}. Auch IPv6 auf beiden Seiten hilft.` }),
    'hard-nat-here': () => ({ what: 'Der Router hier nimmt für jede Verbindung einen anderen öffentlichen Port, und der Router der Gegenstelle lässt nur herein, was er erwartet.', next: `Auf dem Router hier: ${mapPort}. Auch IPv6 auf beiden Seiten hilft.` }),
    'hard-nat-there': () => ({ what: 'Der Router der Gegenstelle nimmt für jede Verbindung einen anderen öffentlichen Port, und der Router hier lässt nur herein, was er erwartet.', next: `Auf dem Router der Gegenstelle: ${mapPort}. Auch IPv6 auf beiden Seiten hilft.` }),
    'udp-blocked-here': () => ({ what: 'Das Netz hier lässt kein UDP durch.', next: 'Bitten Sie den Betreiber dieses Netzes, UDP zu erlauben, oder benutzen Sie ein anderes. Bis dahin trägt ein Relay die Pakete.' }),
    'udp-blocked-there': () => ({ what: 'Das Netz der Gegenstelle lässt kein UDP durch.', next: 'Der Betreiber jenes Netzes kann UDP erlauben. Bis dahin trägt ein Relay die Pakete.' }),
    'no-common-family': () => ({ what: 'Eines der beiden Geräte hat nur IPv4 und das andere nur IPv6.', next: 'Mit IPv6 auf beiden Seiten treffen sie sich. Bis dahin trägt ein Relay, das beides hat, die Pakete.' }),
    'no-hairpin': () => ({ what: 'Beide Geräte sind hinter einer öffentlichen Adresse, und deren Router schickt Pakete nicht wieder nach innen.', next: 'Bringen Sie beide in dasselbe lokale Netz oder schalten Sie NAT-Loopback (Hairpin) auf diesem Router ein.' }),
    'no-endpoint': () => ({ what: 'Diese Gegenstelle hat nicht gesagt, wo sie erreichbar ist.', next: 'Das tut sie von selbst, sobald sie eingeschaltet und verbunden ist.' }),
    'not-observed': () => ({ what: 'Noch kein anderes Gerät hat gesagt, wie der Tunnel von diesem von außen aussieht.', next: 'Das geschieht von selbst, sobald ein Gerät des Netzwerks von außen erreichbar ist.' }),
    'cannot-negotiate': ({ node }) => ({ what: `Kein Gerät konnte Nachrichten zwischen diesem und der Gegenstelle übermitteln${node && `, auch ${node} nicht`}.`, next: `${byItself} Es hilft, wenn ein Gerät des Netzwerks immer an ist und beide es erreichen.` }),
    'refused-there': ({ way, refusal }) => (refusal === null ? { what: `Die Gegenstelle lehnt diesen Weg ab (${way}).`, next: byItself } : { what: `Die Gegenstelle lehnt diesen Weg ab. ${refusal.what}`, next: refusal.next }),
    'peer-cannot': () => ({ what: 'Die Gegenstelle benutzt ein anderes Programm für dieses Netzwerk, das nur Datenkanäle kennt.', next: 'Mit dieser App auf beiden Seiten sind schnellere Wege möglich.' }),
    'no-relay': ({ node }) => ({ what: `Kein Relay des Netzwerks antwortet${node && `, auch ${node} nicht`}.`, next: addRelay }),
    'relay-full': ({ node }) => ({ what: `Das Relay${node && ` ${node}`} trägt so viel, wie es darf.`, next: `Erhöhen Sie dort seine Grenze. ${addRelay}` }),
    'carrier-failed': ({ way, problem }) => ({ what: `${way}: ging auf und fiel dann aus${problem && ` (${problem})`}.`, next: byItself }),
    'went-silent': ({ way, silent }) => ({ what: `${way}: funktionierte, dann kam nichts mehr zurück${silent && `, seit ${silent}`}.`, next: byItself }),
    waiting: ({ retry }) => ({ what: `Der nächste Versuch ist ${retry === '' ? 'bald' : `in ${retry}`}.`, next: `${nothing} Sie können auch gleich noch einmal suchen lassen.` }),
    best: () => ({ what: 'Einen besseren Weg als diesen gibt es nicht.', next: nothing }),
    offline: () => ({ what: 'Dieses Gerät hat kein Netz.', next: 'Wege werden wieder gesucht, sobald es zurück ist.' }),
  },
  whyUnknown: (way) => ({ what: `${way}: funktioniert nicht.`, next: byItself }),
  duration: { s: (n) => `${n} s`, min: (n) => `${n} min`, h: (n) => `${n} h` },
};

function noAnswer({ tier, way, endpoint }: Why): Words {
  const fix = 'Lassen Sie UDP zum WireGuard-Port durch die Firewall oder den Router eines der beiden Geräte.';
  switch (tier) {
    case 'punch': return { what: 'Beide Geräte haben im selben Moment durch ihre Router gesendet, und nichts kam an.', next: `Auf einem der beiden Router: ${mapPort}.` };
    case 'ice': case 'channel': return { what: `${way}: keine der Adressen der beiden Geräte erreichte die andere.`, next: fix };
    case 'turn': case 'stream': return { what: `${way}: nichts kam durch${endpoint && ` (${endpoint})`}.`, next: `${byItself} ${addRelay}` };
    default: return { what: endpoint === '' ? 'An den Adressen, die die Gegenstelle bekannt gibt, antwortete nichts.' : `Nichts antwortete unter ${endpoint}.`, next: fix };
  }
}
