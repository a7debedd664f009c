/**
 * Why a path is not better than it is, as codes that shells turn into words and a remedy. `here` is this machine, `there` the peer.
 * The detail of each code is named beside it.
 */
export const pathReasonCodes = [
  // tried, with no answer; {endpoint?}
  'no-answer',
  // both NATs give another public port to each other end; no hole that one side makes is where the other looks
  'both-nats-hard',
  // one side's NAT is hard and the other's filters by port
  'hard-nat-here', 'hard-nat-there',
  // nothing comes back over UDP
  'udp-blocked-here', 'udp-blocked-there',
  // one side has only IPv4, the other only IPv6
  'no-common-family',
  // both are behind one public address whose router does not loop packets back
  'no-hairpin',
  // the peer advertises no address that could be tried
  'no-endpoint',
  // nobody saw this machine's tunnel port from outside yet
  'not-observed',
  // no node could carry the negotiation; {node?}
  'cannot-negotiate',
  // the peer answered no; {code}
  'refused-there',
  // the peer is another implementation: it knows data channels only
  'peer-cannot',
  // no member hosts a relay that answers; all are at their limits; {node}
  'no-relay', 'relay-full',
  // ICE, DTLS or the relay ended; {problem}
  'carrier-failed',
  // worked, then went silent; {silentMs}
  'went-silent',
  // waits before it tries again; {retryInMs}
  'waiting',
  // as good as it gets
  'best',
  // this machine has no network
  'offline',
] as const;

export type PathReasonCode = (typeof pathReasonCodes)[number];

/** Names of the tiers as the contract, the CLI and logs say them, best first. */
export const pathTiers = ['direct', 'punch', 'ice', 'channel', 'turn', 'stream'] as const;
export type PathTier = (typeof pathTiers)[number];
