import { unreachable } from '../base/assert.ts';
import { pathReasonCodes, type PathReasonCode, type PathTier } from '../base/path-reasons.ts';
import { plainDetail } from './plain-text.ts';
import type { NatView, PathReasonView, PeerPath } from './state.ts';

/** How a peer is reached: two or three words for a list, and one sentence. */
export interface PathWords {
  readonly word: string;
  readonly what: string;
}

export function pathWords(path: PeerPath): PathWords {
  switch (path.kind) {
    case 'self': return { word: 'This device', what: 'This is the device you are using.' };
    case 'direct': return { word: 'Direct', what: `Packets go straight to this peer${path.how === undefined ? '' : directHow[path.how]}, encrypted end to end.` };
    case 'ice': return path.how === 'raw'
      ? { word: 'Peer to peer', what: 'Packets go from device to device on a way that the app keeps open, encrypted end to end.' }
      : { word: 'Peer to peer', what: 'Packets go from device to device in a data channel, encrypted end to end. That is slow where packets get lost.' };
    case 'relay': return {
      word: `Relayed by ${plainDetail(path.node) || 'a member'}`,
      what: `Packets go through another member${path.how === 'stream' ? ' over TCP' : ''}. It passes them on and cannot read them.`,
    };
    case 'waiting': return waiting[path.reason];
    case 'silent': return { word: 'Silent', what: 'It answered before but has not for more than three minutes. It may be asleep, switched off or on its way to another network.' };
    case 'down': return { word: 'Off', what: 'This device is not connected, so no peer can be reached.' };
    default: return unreachable(path);
  }
}

const directHow = { lan: ' on the same local network', public: ' at its public address', mapped: ' at a port that a router opens', punched: ' through the routers on both sides' } as const;

const waiting: Readonly<Record<Extract<PeerPath, { kind: 'waiting' }>['reason'], PathWords>> = {
  'no-handshake-yet': { word: 'Waiting', what: 'The tunnel to this peer is set up but it has not answered yet. That takes a few seconds when it is on.' },
  'peer-has-no-endpoint': { word: 'Waiting', what: 'This peer has not said where it can be reached. It has to contact this device first.' },
  'both-behind-nat': { word: 'Waiting', what: 'Both this device and the peer sit behind routers that hide them.' },
  looking: { word: 'Looking', what: 'A way to this peer is being looked for. That takes a few seconds when it is on.' },
  'no-path': { word: 'No path', what: 'No way to this peer works at the moment. It is looked for again by itself.' },
};

/** What a tier is called in tables and logs that people read. */
export const tierWords: Readonly<Record<PathTier, string>> = {
  direct: 'Direct', punch: 'Through both routers', ice: 'Peer to peer', channel: 'Data channel', turn: 'Relay', stream: 'Relay over TCP',
};

/** How a machine's packets leave its network, and what that means for others that want to reach it. */
export const natWords: Readonly<Record<NatView['mapping'], PathWords>> = {
  unknown: { word: 'Not known yet', what: 'No other device has told yet how this one looks from outside.' },
  open: { word: 'No router in between', what: 'Others see this device under its own address.' },
  easy: { word: 'A router that helps', what: 'It keeps one public port for the tunnel, so other devices can usually meet this one directly.' },
  hard: { word: 'A strict router', what: 'It takes another public port for each connection, so not every device can meet this one directly.' },
  blocked: { word: 'UDP is blocked', what: 'Nothing comes back over UDP, so packets go through a member over TCP, which is slower.' },
};

/** Why a path is not better, and what would fix it. A detail that is missing, or a code of a newer version, leaves sentences that still read. */
export function whyWords(reason: PathReasonView): { readonly what: string; readonly next: string } {
  return Object.hasOwn(reasonWords, reason.code) ? reasonWords[reason.code](reason) : { what: `${tierName(reason.tier)} does not work.`, next: byItself };
}

const mapPort = 'turn on port mapping (PCP, NAT-PMP or UPnP) or forward the WireGuard port (UDP)';
const byItself = 'It is tried again by itself.';
const addRelay = 'Switch on Relay on a device of the network that all others can reach.';

const reasonWords: Readonly<Record<PathReasonCode, (reason: PathReasonView) => { readonly what: string; readonly next: string }>> = {
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
  'cannot-negotiate': ({ detail }) => ({
    what: `No device could carry messages between this one and the peer${around(', not even ', detail['node'])}.`,
    next: `${byItself} It helps when one device of the network is always on and reached by both.`,
  }),
  'refused-there': refusedThere,
  'peer-cannot': () => ({ what: 'The peer runs another program for this network, which knows data channels only.', next: 'With this app on both sides faster ways are possible.' }),
  'no-relay': ({ detail }) => ({ what: `No relay of the network answers${around(', not even ', detail['node'])}.`, next: addRelay }),
  'relay-full': ({ detail }) => ({ what: `The relay${around(' ', detail['node'])} carries as much as it may.`, next: `Raise its limit there. Or: ${lower(addRelay)}` }),
  'carrier-failed': ({ detail, tier }) => ({ what: `${tierName(tier)} opened and then failed${around(': ', detail['problem']?.replace(/[.\s]+$/, ''))}.`, next: byItself }),
  'went-silent': ({ detail, tier }) => ({ what: `${tierName(tier)} worked, then nothing came back${around(' for ', duration(detail['silentMs']))}.`, next: byItself }),
  waiting: ({ detail }) => ({ what: `The next try is ${duration(detail['retryInMs']) === '' ? 'soon' : `in ${duration(detail['retryInMs'])}`}.`, next: 'Nothing needs doing; you can also look again now.' }),
  best: () => ({ what: 'There is no better way than this one.', next: 'Nothing needs doing.' }),
  offline: () => ({ what: 'This device has no network.', next: 'Ways are looked for again as soon as it is back.' }),
};

function noAnswer({ detail, tier }: PathReasonView): { readonly what: string; readonly next: string } {
  const fix = 'Let UDP to the WireGuard port through the firewall or router of one of the two devices.';
  switch (tier) {
    case 'punch': return { what: 'Both devices sent through their routers at the same moment, and nothing arrived.', next: `On one of the two routers, ${mapPort}.` };
    case 'ice': case 'channel': return { what: `${tierName(tier)}: none of the addresses of the two devices reached each other.`, next: fix };
    case 'turn': case 'stream': return { what: `${tierName(tier)}: nothing came through${around(' at ', detail['endpoint'])}.`, next: `${byItself} ${addRelay}` };
    default: return { what: detail['endpoint'] ? `Nothing answered at ${plainDetail(detail['endpoint'])}.` : 'Nothing answered at the addresses that the peer advertises.', next: fix };
  }
}

/** The peer's own reason, seen from this side. */
function refusedThere({ detail, tier }: PathReasonView): { readonly what: string; readonly next: string } {
  const said = (detail['code'] ?? '').replace(/-(here|there)$/, (end) => (end === '-here' ? '-there' : '-here'));
  const code = pathReasonCodes.find((known) => known === said && known !== 'refused-there');
  if (code === undefined) return { what: `The peer said no to this way (${tierName(tier).toLowerCase()}).`, next: byItself };
  const { what, next } = whyWords({ code, tier, detail: {} });
  return { what: `The peer said no to this way: ${lower(what)}`, next };
}

function tierName(tier: PathTier | null): string {
  return tier === null ? 'This way' : (tierWords[tier] ?? 'This way');
}

function around(before: string, value: string | undefined): string {
  const text = plainDetail(value);
  return text === '' ? '' : before + text;
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Milliseconds as text, to one unit; empty for anything else. */
function duration(text: string | undefined): string {
  const ms = Number(text);
  if (text === undefined || !Number.isFinite(ms) || ms < 0) return '';
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 90 ? `${seconds} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
