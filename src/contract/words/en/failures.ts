import type { FailureCode } from '../../../base/failure.ts';
import type { Reader, Words } from '../../detail.ts';
import { pluralIn } from '../../language.ts';
import { beside } from '../beside.ts';
import { updateFailures } from './updates.ts';

const count = pluralIn('en');

const waits = 'The app keeps trying by itself; there is nothing you need to do.';
const trafficOff = 'Traffic to this network is off; the rest of your traffic is not touched.';
const nothingJoined = 'Nothing on this device was changed.';
const trafficKept = 'Traffic between devices is not affected.';
const udpPort = (d: Reader): string => d.with(['port'], (port) => `UDP port ${port}`) || 'the WireGuard port';
/** Taken by another network of this machine, which people know by its name. */
const besideNetwork = (d: Reader): Words | null => beside(d.quote(['other'], ''), (other) => ({
  what: `Your network ${other} already uses ${udpPort(d)}, which was chosen for this one too.`,
  next: `Disconnect ${other} and try again, or use another port: the other devices learn it by themselves.`,
}));
const insideNetwork = (d: Reader): Words | null => beside(d.quote(['other'], ''), (other) => ({
  what: `Your network ${other} uses addresses that this one needs as well${d.aside('what')}. ${other} stays as it is.`,
  next: `Disconnect ${other}, then try again: two networks with the same addresses cannot be connected at the same time.`,
}));
const tcpPort = (d: Reader): string => d.with(['port'], (port) => `TCP port ${port}`) || 'a port';

function earlier(d: Reader): string {
  const calls = d.number('calls');
  return calls === null ? 'an earlier request' : count(calls, { one: '# earlier request', other: '# earlier requests' });
}

export const failures: Readonly<Record<FailureCode, (d: Reader) => Words>> = {
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
    what: `No answer from ${d.or(['address'], 'the network')}. ${trafficOff}`,
    next: 'Check the address and that the other machine is on and reachable from here. The app keeps trying.',
  }),
  'mesh.timeout': (d) => ({
    what: `${d.capital(['what'], 'The request')} took too long${d.at('address')}${d.seconds('deadlineMs', (n) => ` (more than ${count(n, { one: '# second', other: '# seconds' })})`)}.`,
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
    what: `${d.capital(['node'], 'That node')} is not leading the network at the moment. ${trafficKept}`,
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
    what: `The system service${d.aside('helper', 'version', 'theirs')} and this app${d.aside('app', 'ours')} have versions that do not fit together.`,
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
    next: 'Install WireGuard (on Debian and Ubuntu: the package wireguard or wireguard-go; on Windows and macOS: this app once more, which brings it), then try again.',
  }),
  'tunnel.not-permitted': (d) => ({
    what: `The system does not let the tunnel service change network settings${d.because()}. ${trafficOff}`,
    next: 'Run the service as the administrator; inside a container, grant it the right to manage the network (NET_ADMIN).',
  }),
  'tunnel.port-in-use': (d) => besideNetwork(d) ?? ({
    what: `Another program already uses ${udpPort(d)}, which the tunnel needs.`,
    next: 'Use another port: the other devices learn it by themselves. Or stop that program and try again.',
  }),
  'tunnel.conflict': (d) => insideNetwork(d) ?? ({
    what: `Something on this device already uses what the tunnel needs${d.aside('what', 'network', 'route', 'address')}${d.with(['interface', 'device'], (it) => ` by ${it}`)}. Your present connections were left as they are.`,
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
    what: `Another program on this device already uses ${tcpPort(d)}, which the network needs.`,
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
    what: `${d.field('field', 'what')} is larger than allowed${d.with(['max', 'most', 'bytesMax'], (most) => ` (at most ${most})`)}.`,
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

  ...updateFailures,

  'app.already-running': () => ({
    what: 'The app is already running for this user.',
    next: 'Use the window that is open; it was brought to the front.',
  }),
  'app.not-running': () => ({
    what: 'Lost contact with the app. The tunnel stays as it is.',
    next: 'Start the app again if it does not come back by itself.',
  }),
  'app.busy': (d) => ({
    what: `The app is still working on ${earlier(d)}${d.because()}.`,
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
