import type { Reader, Words } from '../../detail.ts';
import { pluralIn } from '../../language.ts';
import type { WarningCode } from '../../state.ts';
import { failures } from './failures.ts';

const count = pluralIn('en');

const waits = 'The app keeps trying by itself; there is nothing you need to do.';
const trafficOff = 'Traffic to this network is off; the rest of your traffic is not touched.';
const trafficElsewhere = 'Traffic outside the tunnel is not touched.';
const trafficKept = 'Traffic between devices is not affected.';
const tcpPort = (d: Reader): string => d.with(['port'], (port) => `TCP port ${port}`) || 'a port';

/** What the offers of a device are called. */
const serviceNames: readonly (readonly [string, string])[] = [
  ['iceNegotiation', 'help with negotiating data channels'], ['turnServer', 'a relay'], ['meshDns', 'names of the network (DNS)'], ['prometheus', 'figures for Prometheus'],
];

/** The sentences of the failure that came along by its code. */
function told(d: Reader): Words | undefined {
  const code = d.failure();
  return code && failures[code](d);
}

/** Several are counted; a single one is named. */
function some(d: Reader, noun: string, names: readonly string[], otherwise: string): string {
  const many = d.many('count');
  return many > 1 ? count(many, { other: `# ${noun}s` }) : d.quote(names, otherwise);
}

function ends(d: Reader): string {
  const days = d.number('days');
  if (days === null) return 'ends soon';
  if (days < 0) return 'has ended';
  return days < 1 ? 'ends today' : count(Math.floor(days), { one: 'ends in # day', other: 'ends in # days' });
}

function isOver(d: Reader): boolean {
  return (d.number('days') ?? 0) < 0;
}

export const warnings: Readonly<Record<WarningCode, (d: Reader) => Words>> = {
  'clear-text': (d) => ({
    what: `Joining and managing the network${d.named('name', 'profile')} is not encrypted. Traffic inside the tunnel is.`,
    next: 'Use it only between machines and on networks that you trust.',
  }),
  'helper-missing': (d) => {
    // It runs, but not for us: starting it would not help.
    for (const code of ['auth.not-permitted', 'helper.not-trusted'] as const) if (d.is('failure', code)) return failures[code](d);
    return { what: `The system service that makes the tunnel is not running, so this device cannot connect. ${trafficElsewhere}`, next: 'Start the service. The app notices by itself.' };
  },
  'helper-old': (d) => ({
    what: `The system service${d.aside('version')} is older than the app, so something new may not work. ${trafficKept}`,
    next: 'Restart this device, or the service; if it stays like this, install the app anew.',
  }),
  'engine-missing': (d) => ({
    what: `This system has no usable WireGuard engine, neither the kernel module nor wireguard-go${d.because()}. ${trafficElsewhere}`,
    next: 'Install WireGuard (on Debian and Ubuntu: the package wireguard or wireguard-go; on Windows and macOS: this app once more, which brings it).',
  }),
  'offline': () => ({
    what: 'This device has no network, so no other device can be reached. Nothing is sent, so nothing is at risk.',
    next: 'Check the cable or the wireless network. The app goes on by itself when the network is back.',
  }),
  'cannot-connect': (d) => told(d) ?? { what: `This device cannot connect. ${trafficOff}`, next: 'Try again.' },
  'connection-lost': (d) => ({ what: told(d)?.what ?? `The connection to the network was lost. ${trafficOff}`, next: waits }),
  'node-down': (d) => ({
    what: `The part of the app that takes part in the network is not running${d.because()}. Existing tunnels keep working.`,
    next: `It is being started again. ${waits}`,
  }),
  'node-port-in-use': (d) => ({
    what: `Another program on this device already uses ${tcpPort(d)}, so other devices cannot reach the network's node here. Existing tunnels keep working.`,
    next: 'Stop that program; the app notices by itself. Or add the network once more with another port.',
  }),
  'control-plane-lost': () => ({
    what: 'Changes are frozen, traffic is fine: the nodes that manage the network cannot be reached.',
    next: 'Devices keep reaching each other. Joining, leaving and settings of the network wait until the nodes are back.',
  }),
  'not-replicating': () => ({
    what: 'This network does not send changes by itself, so the app asks for the list of peers every few seconds. Traffic is fine.',
    next: 'New peers appear a little later than usual. An update of the network\'s nodes would end this.',
  }),
  'peer-unreachable': (d) => ({
    what: `${some(d, 'peer', ['peer'], 'A peer')} cannot be reached at the moment. The others are not affected.`,
    next: 'Open Peers to see which, and why.',
  }),
  'file-set-aside': (d) => ({
    what: `A file of the app was damaged${d.at('path', 'file', 'socket')}. It was set aside and the app started with its defaults.`,
    next: `Nothing was deleted${d.at('keptAs')}. Correct the file and put it back if you need what was in it.`,
  }),
  'disk-full': (d) => ({
    what: `The disk${d.at('path')} is almost full. ${trafficKept}`,
    next: 'Make some room: what the network changes can only be kept while there is space.',
  }),
  'certificate-expiring': (d) => ({
    what: `The certificate of this device ${ends(d)}. ${isOver(d) ? 'It is good for its own renewal only.' : 'Everything works until then.'}`,
    next: 'It is renewed by itself while the network can be reached; connect and leave the app open for a minute.',
  }),
  'device-expiring': (d) => ({
    what: `The certificate of ${some(d, 'device', ['name', 'id', 'device'], 'a device')} ${ends(d)}.`,
    next: 'It is renewed by itself when that device is on and connected. A device that stays away for too long needs a new invite.',
  }),
  'device-pending': (d) => ({
    what: `${some(d, 'device', ['name', 'id', 'device'], 'A device')} would like to join and ${d.many('count') > 1 ? 'wait' : 'waits'} for an admin.`,
    next: 'Open People, compare the fingerprint with the person, then accept or refuse.',
  }),
  'authority-pending': (d) => ({
    what: `${some(d, 'device', ['node', 'id', 'name'], 'A device')} that ${d.many('count') > 1 ? 'manage' : 'manages'} the network cannot sign for new devices yet. Everything else works.`,
    next: 'Connect the device that keeps the root key; it grants this by itself.',
  }),
  'root-not-exported': () => ({
    what: 'The root key of this network exists on this device only. If the device is lost, nobody can let new devices sign for the network.',
    next: 'Open People and save the root key to a file with a passphrase; keep the file somewhere else.',
  }),
  'renewal-failing': (d) => ({
    what: `The certificate of this device could not be renewed${d.because()}. It ${ends(d)}; ${isOver(d) ? 'it is good for its own renewal only' : 'everything works until then'}.`,
    next: waits,
  }),
  'sign-in-needed': (d) => ({
    what: `The network that this device is on answers in place of yours${d.with(['host'], (host) => ` and points to ${host}`)}: it probably wants you to sign in first, as in hotels and trains. ${trafficOff}`,
    next: 'Sign in on its page. Do it only if you are where you would expect such a page. The app then connects by itself.',
  }),
  'secrets-in-file': (d) => ({
    what: `This system has no keyring that the app can use, so the keys are in a file${d.at('path', 'file')} that only your user can read.`,
    next: 'Nothing needs doing. Encrypting the disk protects the file if the machine is stolen.',
  }),
  'udp-blocked': () => ({
    what: 'The network that this device is on lets no UDP through, so its packets go through another member. Everything works, more slowly.',
    next: 'Nothing needs doing. Another network, or a word with whoever runs this one, makes it faster.',
  }),
  'dns-not-set': (d) => ({
    what: `Other programs on this device do not find the network's devices by name${d.because()}.`,
    next: 'Their addresses work. It is tried again every minute.',
  }),
  'service-down': (d) => ({
    what: `This device is meant to offer ${serviceNames.find(([service]) => d.is('service', service))?.[1] ?? 'a service'} to the network, and it does not answer${d.because()}.`,
    next: 'It is tried again by itself. Another program on this device may have its port; stop that program, or switch the offer off.',
  }),
  'audit-broken': (d) => ({
    what: `The audit log does not fit together any more${d.with(['sequence'], (entry) => ` at entry ${entry}`)}: somebody may have changed it on disk. Traffic is not affected.`,
    next: 'Export the log from several devices and compare them; then find out who had access to the machine.',
  }),
};
