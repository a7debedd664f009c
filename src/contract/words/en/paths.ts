import type { Words } from '../../detail.ts';
import type { PathsWords, Why } from '../type.ts';

const mapPort = 'turn on port mapping (PCP, NAT-PMP or UPnP) or forward the WireGuard port (UDP)';
const byItself = 'It is tried again by itself.';
const addRelay = 'Switch on Relay on a device of the network that all others can reach.';

export const paths: PathsWords = {
  self: { word: 'This device', what: 'This is the device you are using.' },
  down: { word: 'Off', what: 'This device is not connected, so no peer can be reached.' },
  silent: { word: 'Silent', what: 'It answered before but has not for more than three minutes. It may be asleep, switched off or on its way to another network.' },
  direct: {
    word: 'Direct',
    what: 'Packets go straight to this peer, encrypted end to end.',
    how: {
      lan: 'Packets go straight to this peer on the same local network, encrypted end to end.',
      public: 'Packets go straight to this peer at its public address, encrypted end to end.',
      mapped: 'Packets go straight to this peer at a port that a router opens, encrypted end to end.',
      punched: 'Packets go straight to this peer through the routers on both sides, encrypted end to end.',
    },
  },
  ice: {
    raw: { word: 'Peer to peer', what: 'Packets go from device to device on a way that the app keeps open, encrypted end to end.' },
    channel: { word: 'Peer to peer', what: 'Packets go from device to device in a data channel, encrypted end to end. That is slow where packets get lost.' },
  },
  relay: {
    word: (node) => `Relayed by ${node}`,
    member: 'a member',
    packets: 'Packets go through another member. It passes them on and cannot read them.',
    overTcp: 'Packets go through another member over TCP. It passes them on and cannot read them.',
  },
  waiting: {
    'no-handshake-yet': { word: 'Waiting', what: 'The tunnel to this peer is set up but it has not answered yet. That takes a few seconds when it is on.' },
    'peer-has-no-endpoint': { word: 'Waiting', what: 'This peer has not said where it can be reached. It has to contact this device first.' },
    'both-behind-nat': { word: 'Waiting', what: 'Both this device and the peer sit behind routers that hide them.' },
    looking: { word: 'Looking', what: 'A way to this peer is being looked for. That takes a few seconds when it is on.' },
    'no-path': { word: 'No path', what: 'No way to this peer works at the moment. It is looked for again by itself.' },
  },
  tiers: { direct: 'Direct', punch: 'Through both routers', ice: 'Peer to peer', channel: 'Data channel', turn: 'Relay', stream: 'Relay over TCP' },
  thisWay: 'This way',
  nat: {
    unknown: { word: 'Not known yet', what: 'No other device has told yet how this one looks from outside.' },
    open: { word: 'No router in between', what: 'Others see this device under its own address.' },
    easy: { word: 'A router that helps', what: 'It keeps one public port for the tunnel, so other devices can usually meet this one directly.' },
    hard: { word: 'A strict router', what: 'It takes another public port for each connection, so not every device can meet this one directly.' },
    blocked: { word: 'UDP is blocked', what: 'Nothing comes back over UDP, so packets go through a member over TCP, which is slower.' },
  },
  why: {
    'no-answer': noAnswer,
    'both-nats-hard': () => ({
      what: 'The routers on both sides take another public port for each connection, so neither device finds the other.',
      next: `On one of the two routers, ${mapPort}. IPv6 on both sides helps as well.`,
    }),
    'hard-nat-here': () => ({
      what: 'The router here takes another public port for each connection, and the router of the peer lets in only what it expects.',
      next: `On the router here, ${mapPort}. IPv6 on both sides helps as well.`,
    }),
    'hard-nat-there': () => ({
      what: 'The router of the peer takes another public port for each connection, and the router here lets in only what it expects.',
      next: `On the router of the peer, ${mapPort}. IPv6 on both sides helps as well.`,
    }),
    'udp-blocked-here': () => ({ what: 'The network here lets no UDP through.', next: 'Ask whoever runs this network to allow UDP, or use another one. Until then a relay carries the packets.' }),
    'udp-blocked-there': () => ({ what: 'The network of the peer lets no UDP through.', next: 'Whoever runs that network can allow UDP. Until then a relay carries the packets.' }),
    'no-common-family': () => ({ what: 'One of the two devices has only IPv4 and the other only IPv6.', next: 'IPv6 on both sides lets them meet. Until then a relay that has both carries the packets.' }),
    'no-hairpin': () => ({
      what: 'Both devices are behind one public address, and its router does not send packets back inside.',
      next: 'Put both on the same local network, or turn on NAT loopback (hairpin) on that router.',
    }),
    'no-endpoint': () => ({ what: 'This peer has not said where it can be reached.', next: 'It does so by itself once it is on and connected.' }),
    'not-observed': () => ({ what: 'No other device has told yet how the tunnel of this one looks from outside.', next: 'That happens by itself as soon as one device of the network can be reached from outside.' }),
    'cannot-negotiate': (why) => ({
      what: `No device could carry messages between this one and the peer${why.node && `, not even ${why.node}`}.`,
      next: `${byItself} It helps when one device of the network is always on and reached by both.`,
    }),
    'refused-there': ({ way, refusal }) => (refusal === null
        ? { what: `The peer said no to this way (${way.toLowerCase()}).`, next: byItself }
        : { what: `The peer said no to this way: ${lower(refusal.what)}`, next: refusal.next }),
    'peer-cannot': () => ({ what: 'The peer runs another program for this network, which knows data channels only.', next: 'With this app on both sides faster ways are possible.' }),
    'no-relay': (why) => ({ what: `No relay of the network answers${why.node && `, not even ${why.node}`}.`, next: addRelay }),
    'relay-full': (why) => ({ what: `The relay${why.node && ` ${why.node}`} carries as much as it may.`, next: `Raise its limit there. Or: ${lower(addRelay)}` }),
    'carrier-failed': (why) => ({ what: `${why.way} opened and then failed${why.problem && `: ${why.problem}`}.`, next: byItself }),
    'went-silent': (why) => ({ what: `${why.way} worked, then nothing came back${why.silent && ` for ${why.silent}`}.`, next: byItself }),
    waiting: (why) => ({ what: `The next try is ${why.retry === '' ? 'soon' : `in ${why.retry}`}.`, next: 'Nothing needs doing; you can also look again now.' }),
    best: () => ({ what: 'There is no better way than this one.', next: 'Nothing needs doing.' }),
    offline: () => ({ what: 'This device has no network.', next: 'Ways are looked for again as soon as it is back.' }),
  },
  whyUnknown: (way) => ({ what: `${way} does not work.`, next: byItself }),
  duration: { s: (n) => `${n} s`, min: (n) => `${n} min`, h: (n) => `${n} h` },
};

function noAnswer({ tier, way, endpoint }: Why): Words {
  const fix = 'Let UDP to the WireGuard port through the firewall or router of one of the two devices.';
  switch (tier) {
    case 'punch': return { what: 'Both devices sent through their routers at the same moment, and nothing arrived.', next: `On one of the two routers, ${mapPort}.` };
    case 'ice': case 'channel': return { what: `${way}: none of the addresses of the two devices reached each other.`, next: fix };
    case 'turn': case 'stream': return { what: `${way}: nothing came through${endpoint && ` at ${endpoint}`}.`, next: `${byItself} ${addRelay}` };
    default: return { what: endpoint === '' ? 'Nothing answered at the addresses that the peer advertises.' : `Nothing answered at ${endpoint}.`, next: fix };
  }
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
