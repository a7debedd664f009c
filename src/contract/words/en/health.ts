import { pluralIn } from '../../language.ts';
import type { HealthWords } from '../type.ts';

const count = pluralIn('en');

export const health: HealthWords = {
  titles: {
    'helper-missing': 'The system service is not running',
    'helper-old': 'The system service is older than the app',
    'engine-missing': 'WireGuard is missing',
    'offline': 'No network',
    'cannot-connect': 'Cannot connect',
    'connection-lost': 'Not connected at the moment',
    'node-down': 'Part of the app is not running',
    'node-port-in-use': 'A port is taken',
    'control-plane-lost': 'Changes are frozen',
    'not-replicating': 'Changes arrive later',
    'peer-unreachable': 'Not every peer is reached',
    'certificate-expiring': 'The certificate ends soon',
    'renewal-failing': 'The certificate could not be renewed',
    'udp-blocked': 'This network blocks UDP',
    'service-down': 'An offer does not answer',
    'dns-not-set': 'Names do not work in other programs',
    'audit-broken': 'The audit log does not fit together',
    'clear-text': 'Clear text',
    'disk-full': 'The disk is almost full',
    'device-pending': 'A device waits for approval',
    'device-expiring': 'A certificate ends soon',
    'authority-pending': 'A device cannot sign yet',
    'root-not-exported': 'The root key has no copy',
    'file-set-aside': 'A damaged file was set aside',
    'sign-in-needed': 'This network wants you to sign in',
    'secrets-in-file': 'Keys are kept in a file',
  },
  fixes: {
    'start-helper': 'Start the service…', 'try-again': 'Try again', 'renew-now': 'Renew now', 'look-again': 'Look again', 'check-network': 'Check the network', 'see-peers': 'See which',
    'open-people': 'Open People', 'save-root-key': 'Save the key…', 'open-audit': 'Open the log', 'open-offers': 'See the offers', 'open-networks': 'See the networks', 'new-invite': 'Use another invite', 'sign-in': 'Sign in…', 'other-port': 'Use another port',
  },
  fixDone: {
    'start-helper': 'The service was started.', 'renew-now': 'Renewed the certificate and the tunnel key of this device.', 'look-again': 'Looking for a way to it.', 'other-port': 'Another port was chosen.',
  },
  severities: { error: 'Error', warning: 'Warning', info: 'Hint' },
  notices: {
    connection: { label: 'Connection', hint: 'Lost for more than a moment, back again, or not possible.' },
    devices: { label: 'Devices that wait', hint: 'Somebody would like to join and an admin has to accept.' },
    expiry: { label: 'Certificates', hint: 'One ends soon, or could not be renewed.' },
    service: { label: 'This device', hint: 'The service, a port, the disk, the audit log or what this device does for others.' },
  },
  backAgain: { title: 'Webmesh is connected again', body: 'Your devices can reach each other.' },
  titled: (network, title) => `${network}: ${title}`,
  noticeTitle: (title) => `Webmesh: ${title}`,
  allProblems: (n) => count(n, { one: 'What to know about it…', other: 'All # problems and hints…' }),
};
