import { failureCodes, type Detail, type FailureCode, type FailureData } from '../base/failure.ts';
import { plainDetail as shown, plainText } from './plain-text.ts';
import type { Warning, WarningCode } from './state.ts';
import { updateFailureWords } from './update-words.ts';

export { natWords, pathWords, tierWords, whyWords, type PathWords } from './path-words.ts';
export { plainText };

/**
 * Plain English for every code. `what` says what happened and, where it matters, whether traffic is safe;
 * `next` says what to do, or that nothing needs doing. A detail that is missing leaves a sentence that still reads.
 */
export interface Words {
  readonly what: string;
  readonly next: string;
}

/** The two sentences of a failure. */
export function sentence(failure: Pick<FailureData, 'code' | 'detail'>): Words {
  return failureWords[failure.code](reader(failure.detail));
}

/** The two sentences of a warning. */
export function warningSentence(warning: Pick<Warning, 'code' | 'detail'>): Words {
  return warningWords[warning.code](reader(warning.detail));
}

const waits = 'The app keeps trying by itself; there is nothing you need to do.';
const trafficOff = 'Traffic to this network is off; the rest of your traffic is not touched.';
const nothingJoined = 'Nothing on this device was changed.';
const trafficElsewhere = 'Traffic outside the tunnel is not touched.';
const trafficKept = 'Traffic between devices is not affected.';

const failureWords: Readonly<Record<FailureCode, (d: Reader) => Words>> = {
  'auth.unauthenticated': (d) => ({
    what: `The network did not recognise this device${d.at('address')}. ${trafficOff}`,
    next: 'Ask whoever runs the network to let this device in, then try again.',
  }),
  'auth.not-permitted': (d) => ({
    what: `This is not allowed${d.at('path', 'file', 'socket')}${d.because()}.`,
    next: 'Ask whoever runs the network, or this device, for permission, then try again.',
  }),
  'auth.pending': (d) => ({
    what: `This device is known to the network${d.named('network', 'name')} and waits for an admin. ${trafficOff}`,
    next: 'Read the fingerprint of this device to an admin, who compares and accepts it. The app then goes on by itself.',
  }),
  'auth.revoked': (d) => ({
    what: `An admin cut this device off from the network${d.named('network', 'name')}. ${trafficOff}`,
    next: 'If this was a mistake, ask an admin for a new invite and join with it; the device then gets a new key and a new name.',
  }),
  'auth.expired': (d) => ({
    what: `The certificate of this device has ended${d.at('address')}, so the network no longer lets it in. ${trafficOff}`,
    next: 'It was off for longer than a certificate lives. Check that its clock is right; then ask an admin for a new invite and join with it.',
  }),
  'auth.invite-invalid': () => ({
    what: `The network does not take this invite: it was taken back, or was never made there. ${nothingJoined}`,
    next: 'Ask whoever invited you for a new one.',
  }),
  'auth.invite-expired': () => ({
    what: `This invite is too old. ${nothingJoined}`,
    next: 'Ask whoever invited you for a new one. If it was made just now, check that the clock of this device is right.',
  }),
  'auth.invite-used': () => ({
    what: `This invite was used already, as often as it may be. ${nothingJoined}`,
    next: 'Ask whoever invited you for a new one. If nobody but you had it, tell them so: they can see which device joined with it and cut it off.',
  }),
  'auth.wrong-mesh': (d) => ({
    what: `Another network than the expected one answers${d.at('address')}. Nothing was sent to it. ${trafficOff}`,
    next: 'It may stand at an address that was given to somebody else, or something in between may pretend to be your network. Ask for a new invite, and compare the fingerprint when you join.',
  }),
  'auth.clear-text': (d) => ({
    what: `The network${d.at('address')} answers in clear text, and that was not asked for. The app did not go on. ${trafficOff}`,
    next: 'If it is an old network without certificates, add it as an old network in clear text. Otherwise do not use it.',
  }),
  'auth.too-many-tries': (d) => ({
    what: `There were too many tries to join${d.at('address')}, so the network takes a short break from answering. ${trafficOff}`,
    next: 'It answers again in about a minute. The app keeps trying.',
  }),

  'mesh.unreachable': (d) => ({
    what: `No answer${d.from('address', 'from the network')}. ${trafficOff}`,
    next: 'Check the address and that the other machine is on and reachable from here. The app keeps trying.',
  }),
  'mesh.timeout': (d) => ({
    what: `${d.capital('what', 'The request')} took too long${d.at('address')}${d.seconds('deadlineMs', ' (more than ', ')')}.`,
    next: `The network may be slow or far away. ${waits}`,
  }),
  'mesh.refused': (d) => ({
    what: `The network refused this request${d.because()}.`,
    next: 'Correct what it names, or ask whoever runs the network, then try again.',
  }),
  'mesh.incompatible': (d) => ({
    what: `This app and the network${d.at('address')} do not fit together${d.because()}. ${trafficOff}`,
    next: 'Check the address and its port. A network in clear text must be joined as such; otherwise one of the two sides needs an update.',
  }),
  'mesh.not-leader': (d) => ({
    what: `${d.capital('node', 'That node')} is not leading the network at the moment. ${trafficKept}`,
    next: `The request goes to the leader. ${waits}`,
  }),
  'mesh.no-leader': () => ({
    what: `The nodes that manage the network have no leader at the moment. ${trafficKept}`,
    next: 'Changes wait until more than half of them are on and reach each other. The app keeps trying.',
  }),
  'mesh.address-exhausted': (d) => ({
    what: `The network${d.named('network')} has no free address left for this device.`,
    next: 'Remove devices that are no longer used, or make a network with a larger address range.',
  }),
  'mesh.not-found': (d) => ({
    what: `The network does not know ${d.quote(['node', 'id', 'peer', 'name'], 'that device')}.`,
    next: 'It may have left. Check the name and look at the list of peers.',
  }),
  'mesh.busy': () => ({
    what: `The network has more requests than it can take just now. ${trafficKept}`,
    next: waits,
  }),

  'network.offline': () => ({
    what: 'This device is offline.',
    next: 'The app connects by itself when a network is back.',
  }),

  'helper.unreachable': (d) => ({
    what: `The system service that makes the tunnel does not answer${d.at('path', 'file', 'socket')}${d.because()}.`,
    next: 'Start the service, or restart this device. The app connects by itself as soon as the service answers.',
  }),
  'helper.not-trusted': (d) => ({
    what: `What stands in the place of the system service${d.at('path', 'file', 'socket')} cannot be trusted${d.because()}. The app did not talk to it.`,
    next: 'Restart the service as the administrator; if this comes back, install the app again from a source you trust.',
  }),
  'helper.lost': () => ({
    what: 'The system service that makes the tunnel stopped in the middle of its work. Traffic may pause for a moment.',
    next: `It restarts and puts everything back. ${waits}`,
  }),
  'helper.version': (d) => ({
    what: `The system service${d.version('helper', 'version', 'theirs')} and this app${d.version('app', 'ours')} have versions that do not fit together.`,
    next: 'Install the newest version of the app, which brings its own service, then start it again.',
  }),
  'helper.stale': () => ({
    what: 'A newer request overtook this one, so it was left out. Nothing was changed by it.',
    next: waits,
  }),
  'helper.declined': (d) => (d.quote(['holder'], '') !== '' ? {
    what: `Somebody else on this machine, ${d.quote(['holder'], '')}, is connected, and the tunnel service serves one user at a time. ${trafficOff}`,
    next: 'Ask that user to disconnect, or connect after they did.',
  } : {
    what: `The system asked for permission to start the tunnel service and did not get it. ${trafficOff}`,
    next: 'Try again and agree when the system asks for your password.',
  }),

  'tunnel.engine-missing': (d) => ({
    what: `This system has no usable WireGuard engine, neither the kernel module nor wireguard-go${d.because()}. ${trafficOff}`,
    next: 'Install WireGuard (on Debian and Ubuntu: the package wireguard or wireguard-go), then try again.',
  }),
  'tunnel.not-permitted': (d) => ({
    what: `The system does not let the tunnel service change network settings${d.because()}. ${trafficOff}`,
    next: 'Run the service as the administrator; inside a container, grant it the right to manage the network (NET_ADMIN).',
  }),
  'tunnel.port-in-use': (d) => ({
    what: `Another program already uses ${d.udpPort('port')}, which the tunnel needs.`,
    next: 'Stop that program and try again, or add the network once more with another WireGuard port.',
  }),
  'tunnel.conflict': (d) => ({
    what: `Something on this device already uses what the tunnel needs${d.range('what', 'network', 'route', 'address')}${d.by('interface', 'device')}. Your present connections were left as they are.`,
    next: 'Disconnect the other network or VPN, then try again.',
  }),
  'tunnel.failed': (d) => ({
    what: `The tunnel could not be set up${d.because()}. What had been changed was put back.`,
    next: `${waits} If it goes on, export a report under Settings, Diagnostics.`,
  }),

  'node.start-failed': (d) => ({
    what: `The part of the app that takes part in the network did not start${d.because()}.`,
    next: `${waits} If it goes on, export a report under Settings, Diagnostics.`,
  }),
  'node.port-in-use': (d) => ({
    what: `Another program on this device already uses ${d.tcpPort('port')}, which the network needs.`,
    next: 'Stop that program and try again, or add the network once more with another port.',
  }),
  'node.lost': () => ({
    what: 'The part of the app that takes part in the network stopped. Existing tunnels keep working.',
    next: `It is being started again. ${waits}`,
  }),
  'node.data-damaged': (d) => ({
    what: `This device's copy of the network's data is damaged${d.because()}. It was kept, not overwritten.`,
    next: 'A member can forget the network and join again. If this device hosts the network, restore its data folder from a backup.',
  }),
  'node.disk-full': (d) => ({
    what: `The disk is full${d.at('path', 'file', 'socket')}, so nothing more can be saved there. Nothing that was saved is lost.`,
    next: 'Free some space; then try again.',
  }),
  'node.id-taken': (d) => ({
    what: `Another device in this network is already called ${d.quote(['node', 'id', 'nodeId'], 'the same')}.`,
    next: 'Choose another name for this device, or remove the old one from the network, then try again.',
  }),

  'input.invalid': (d) => ({
    what: `${d.field('field', 'argument', 'path')} cannot be used as it is${d.because()}.`,
    next: 'Correct it and try again; everything you typed is still there.',
  }),
  'input.unknown-profile': (d) => ({
    what: `There is no network ${d.quote(['profile', 'name'], 'of that name')} on this device${d.because()}.`,
    next: d.given('hint') || 'Choose one of the networks in the list, or add it.',
  }),
  'input.unknown-command': (d) => ({
    what: `This version of the app does not know ${d.quote(['name'], 'that request')}.`,
    next: 'Close every window of the app and start it again, so that all its parts have the same version.',
  }),
  'input.file-damaged': (d) => ({
    what: `A file of the app could not be read${d.at('path', 'file', 'socket')}${d.because()}. It was kept, not overwritten.`,
    next: 'Correct the file, or move it away and start the app again; the app then begins with its defaults.',
  }),
  'input.limit': (d) => ({
    what: `${d.field('field', 'what')} is larger than allowed${d.limit('max', 'most', 'bytesMax')}.`,
    next: 'Make it smaller and try again.',
  }),
  'input.invite-damaged': (d) => ({
    what: `This is no whole invite${d.because()}. Nothing was done with it.`,
    next: 'Copy the whole link once more, from “webmesh:” to its end, or use the file or the QR code. If it stays like this, ask for a new one.',
  }),
  'input.passphrase': (d) => ({
    what: `The passphrase does not open this file${d.because()}. Nothing was changed.`,
    next: 'Type it again: capitals and spaces count. It is the one that was chosen when the key was exported.',
  }),

  ...updateFailureWords,

  'app.already-running': () => ({
    what: 'The app is already running for this user.',
    next: 'Use the window that is open; it was brought to the front.',
  }),
  'app.not-running': () => ({
    what: 'Lost contact with the app. The tunnel stays as it is.',
    next: 'Start the app again if it does not come back by itself.',
  }),
  'app.busy': (d) => ({
    what: `The app is still working on ${d.count('calls', 'earlier request')}${d.because()}.`,
    next: 'Wait a moment and try again.',
  }),
  'internal.unexpected': (d) => ({
    what: `Something went wrong that the app did not expect${d.because()}. Nothing you saved is lost.`,
    next: 'Try again. If it comes back, export a report under Settings, Diagnostics, and send it to us.',
  }),
  'internal.storage': (d) => ({
    what: `The app could not save its settings${d.at('path', 'file', 'socket')}${d.because()}.`,
    next: 'Check that the disk has space and that the folder belongs to you, then try again.',
  }),
  'internal.secrets': (d) => ({
    what: `The app cannot read or save its keys${d.at('path', 'file')}${d.because()}. Nothing was sent anywhere.`,
    next: 'Unlock the keyring of this system, or check that the folder belongs to you alone, then try again.',
  }),
};

const warningWords: Readonly<Record<WarningCode, (d: Reader) => Words>> = {
  'clear-text': (d) => ({
    what: `Joining and managing the network${d.named('name', 'profile')} is not encrypted. Traffic inside the tunnel is.`,
    next: 'Use it only between machines and on networks that you trust.',
  }),
  'helper-missing': (d) => {
    // It runs, but not for us: starting it would not help.
    for (const code of ['auth.not-permitted', 'helper.not-trusted'] as const) if (d.is('failure', code)) return failureWords[code](d);
    return { what: `The system service that makes the tunnel is not running, so this device cannot connect. ${trafficElsewhere}`, next: 'Start the service. The app notices by itself.' };
  },
  'helper-old': (d) => ({
    what: `The system service${d.version('version')} is older than the app, so something new may not work. ${trafficKept}`,
    next: 'Restart this device, or the service; if it stays like this, install the app anew.',
  }),
  'engine-missing': (d) => ({
    what: `This system has no usable WireGuard engine, neither the kernel module nor wireguard-go${d.because()}. ${trafficElsewhere}`,
    next: 'Install WireGuard (on Debian and Ubuntu: the package wireguard or wireguard-go).',
  }),
  'offline': () => ({
    what: 'This device has no network, so no other device can be reached. Nothing is sent, so nothing is at risk.',
    next: 'Check the cable or the wireless network. The app goes on by itself when the network is back.',
  }),
  'cannot-connect': (d) => d.failure() ?? { what: `This device cannot connect. ${trafficOff}`, next: 'Try again.' },
  'connection-lost': (d) => ({ what: d.failure()?.what ?? `The connection to the network was lost. ${trafficOff}`, next: waits }),
  'node-down': (d) => ({
    what: `The part of the app that takes part in the network is not running${d.because()}. Existing tunnels keep working.`,
    next: `It is being started again. ${waits}`,
  }),
  'node-port-in-use': (d) => ({
    what: `Another program on this device already uses ${d.tcpPort('port')}, so other devices cannot reach the network's node here. Existing tunnels keep working.`,
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
    what: `${d.some('count', 'peer', ['peer'], 'A peer')} cannot be reached at the moment. The others are not affected.`,
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
    what: `The certificate of this device ${d.ends('days')}. ${d.isOver('days') ? 'It is good for its own renewal only.' : 'Everything works until then.'}`,
    next: 'It is renewed by itself while the network can be reached; connect and leave the app open for a minute.',
  }),
  'device-expiring': (d) => ({
    what: `The certificate of ${d.some('count', 'device', ['name', 'id', 'device'], 'a device')} ${d.ends('days')}.`,
    next: 'It is renewed by itself when that device is on and connected. A device that stays away for too long needs a new invite.',
  }),
  'device-pending': (d) => ({
    what: `${d.some('count', 'device', ['name', 'id', 'device'], 'A device')} would like to join and ${d.isMany('count') ? 'wait' : 'waits'} for an admin.`,
    next: 'Open People, compare the fingerprint with the person, then accept or refuse.',
  }),
  'authority-pending': (d) => ({
    what: `${d.some('count', 'device', ['node', 'id', 'name'], 'A device')} that ${d.isMany('count') ? 'manage' : 'manages'} the network cannot sign for new devices yet. Everything else works.`,
    next: 'Connect the device that keeps the root key; it grants this by itself.',
  }),
  'root-not-exported': () => ({
    what: 'The root key of this network exists on this device only. If the device is lost, nobody can let new devices sign for the network.',
    next: 'Open People and save the root key to a file with a passphrase; keep the file somewhere else.',
  }),
  'renewal-failing': (d) => ({
    what: `The certificate of this device could not be renewed${d.because()}. It ${d.ends('days')}; ${d.isOver('days') ? 'it is good for its own renewal only' : 'everything works until then'}.`,
    next: waits,
  }),
  'secrets-in-file': (d) => ({
    what: `This system has no keyring that the app can use, so the keys are in a file${d.at('path', 'file')} that only your user can read.`,
    next: 'Nothing needs doing. Encrypting the disk protects the file if the machine is stolen.',
  }),
  'udp-blocked': () => ({
    what: 'The network that this device is on lets no UDP through, so its packets go through another member. Everything works, more slowly.',
    next: 'Nothing needs doing. Another network, or a word with whoever runs this one, makes it faster.',
  }),
  'service-down': (d) => ({
    what: `This device is meant to offer ${serviceNames.find(([service]) => d.is('service', service))?.[1] ?? 'a service'} to the network, and it does not answer${d.because()}.`,
    next: 'It is tried again by itself. Another program on this device may have its port; stop that program, or switch the offer off.',
  }),
  'dns-not-set': (d) => ({
    what: `Other programs on this device do not find the network's devices by name${d.because()}.`,
    next: 'Their addresses work. It is tried again every minute.',
  }),
  'audit-broken': (d) => ({
    what: `The audit log does not fit together any more${d.entry('sequence')}: somebody may have changed it on disk. Traffic is not affected.`,
    next: 'Export the log from several devices and compare them; then find out who had access to the machine.',
  }),
};

/** What the offers of a device are called. */
const serviceNames: readonly (readonly [string, string])[] = [
  ['iceNegotiation', 'help with negotiating data channels'], ['turnServer', 'a relay'], ['meshDns', 'names of the network (DNS)'], ['prometheus', 'figures for Prometheus'],
];

interface Reader {
  /** ` at X`, or nothing. */
  at(...keys: string[]): string;
  /** ` from X`, or the given words. */
  from(key: string, otherwise: string): string;
  /** ` by X`: what stands in the way. */
  by(...keys: string[]): string;
  /** `: X`, the explanation that came along, cut short. */
  because(): string;
  named(...keys: string[]): string;
  quote(keys: readonly string[], otherwise: string): string;
  capital(key: string, otherwise: string): string;
  is(key: string, value: string): boolean;
  /** The two sentences of the failure that came along by its code. */
  failure(): Words | undefined;
  /** A hint that came along, as a sentence of its own. */
  given(key: string): string;
  seconds(key: string, before: string, after: string): string;
  version(...keys: string[]): string;
  range(...keys: string[]): string;
  udpPort(key: string): string;
  tcpPort(key: string): string;
  field(...keys: string[]): string;
  limit(...keys: string[]): string;
  count(key: string, noun: string, otherwise?: string): string;
  /** Several are counted; a single one is named. */
  some(key: string, noun: string, names: readonly string[], otherwise: string): string;
  isMany(key: string): boolean;
  /** `ends today`, `ends in 3 days`, `has ended`. */
  ends(key: string): string;
  isOver(key: string): boolean;
  entry(key: string): string;
}

function reader(detail: Detail): Reader {
  const value = (keys: readonly string[]): string | undefined => keys.map((key) => shown(detail[key])).find((text) => text !== '');
  const around = (keys: readonly string[], before: string, after = ''): string => {
    const text = value(keys);
    return text === undefined ? '' : before + text + after;
  };
  return {
    at: (...keys) => around(keys, ' at '),
    from: (key, otherwise) => around([key], ' from ') || ` ${otherwise}`,
    by: (...keys) => around(keys, ' by '),
    because: () => around(['problem', 'reason', 'message'], ': ').replace(/[.\s]+$/, ''),
    named: (...keys) => around(keys, ' “', '”'),
    quote: (keys, otherwise) => around(keys, '“', '”') || otherwise,
    capital: (key, otherwise) => capital(value([key]) ?? otherwise),
    is: (key, wanted) => detail[key] === wanted,
    failure: () => {
      const code = failureCodes.find((known) => known === detail['failure']);
      return code && sentence({ code, detail });
    },
    given: (key) => (value([key]) === undefined ? '' : `${capital(value([key]) ?? '').replace(/[.\s]+$/, '')}.`),
    seconds: (key, before, after) => (typeof detail[key] === 'number' ? `${before}${secondsText(detail[key])}${after}` : ''),
    version: (...keys) => around(keys, ' (', ')'),
    range: (...keys) => around(keys, ' (', ')'),
    udpPort: (key) => portText(value([key]), 'UDP', 'the WireGuard port'),
    tcpPort: (key) => portText(value([key]), 'TCP', 'a port'),
    field: (...keys) => capital(fieldNames[value(keys) ?? ''] ?? value(keys) ?? 'What was entered'),
    limit: (...keys) => around(keys, ' (at most ', ')'),
    count: (key, noun, otherwise = `an ${noun}`) => (typeof detail[key] === 'number' ? plural(detail[key], noun) : otherwise),
    some: (key, noun, names, otherwise) => (many(detail[key]) ? plural(Number(detail[key]), noun) : around(names, '“', '”') || otherwise),
    isMany: (key) => many(detail[key]),
    ends: (key) => (typeof detail[key] === 'number' ? endsText(detail[key]) : 'ends soon'),
    isOver: (key) => typeof detail[key] === 'number' && detail[key] < 0,
    entry: (key) => around([key], ' at entry '),
  };
}

/** What people call the fields of commands. */
const fieldNames: Readonly<Record<string, string>> = {
  address: 'the address', name: 'the name', nodeId: 'the device name', ipv4Network: 'the address range', grpcPort: 'the API port',
  raftPort: 'the Raft port', wireguardPort: 'the WireGuard port', profile: 'the network', id: 'the peer', lines: 'the number of lines', logLevel: 'the log level',
  link: 'the invite', passphrase: 'the passphrase', note: 'the note', uses: 'the number of devices', expiresInSeconds: 'how long the invite is good', file: 'the file', role: 'the role',
  localAddress: 'the local address', localPort: 'the local port', remoteAddress: 'the remote address', remotePort: 'the remote port', shares: 'the shared address', relayMbit: 'the limit of the relay', peer: 'the peer',
};

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function plural(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

function many(value: string | number | boolean | undefined): boolean {
  return typeof value === 'number' && value > 1;
}

function endsText(days: number): string {
  if (days < 0) return 'has ended';
  return days < 1 ? 'ends today' : `ends in ${plural(Math.floor(days), 'day')}`;
}

function secondsText(ms: number): string {
  return plural(Math.round(ms / 100) / 10, 'second');
}

function portText(port: string | undefined, protocol: string, otherwise: string): string {
  return port === undefined ? otherwise : `${protocol} port ${port}`;
}
