import { formatIp, type Ip, isPrivate } from '../../base/ip.ts';
import { type PathReasonCode, type PathTier } from '../../base/path-reasons.ts';
import { Mapping, type NatReport } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { endpointOf, inAny, isGlobal, isOwn, isReachable, type Ours, rankOf, type Reason, type Theirs } from './facts.ts';

export type CarrierTier = Exclude<PathTier, 'direct' | 'punch'>;

/** Where the tunnel may send from its own port. */
export interface Candidate {
  readonly tier: 'direct' | 'punch';
  readonly endpoint: string;
  /** False: tried when there is nothing better to do, and never in the place of a path that works. */
  readonly likely: boolean;
}

export interface Plan {
  /** From port to port, best first. */
  readonly candidates: readonly Candidate[];
  /** In the order in which a first path is looked for: what surely works before what is better. */
  readonly carriers: readonly CarrierTier[];
  /** The best that theory allows; null: nothing. */
  readonly best: PathTier | null;
  /** Port to port works for sure, may work, or cannot. */
  readonly ports: 'yes' | 'maybe' | 'no';
  /** Why what is not tried is not. */
  readonly excluded: readonly Reason[];
  /** What a port-to-port try that got no answer most probably means. */
  readonly doubt: PathReasonCode;
}

export interface PlanInputs {
  readonly ours: Ours;
  /** As the roster has them. */
  readonly advertised: readonly string[];
  readonly theirs: Theirs | null;
  /** Another implementation: it has no PathService. */
  readonly stranger: boolean;
}

const candidatesMax = 8;

/**
 * Theory: which ways there can be between two machines, from what both know of their NATs (RFC 4787 for their kinds, RFC 5128 for what can be
 * done about each pair). It never forbids what it does not know: unknown kinds are worth one try.
 */
export function planPaths(inputs: PlanInputs): Plan {
  const { ours, theirs, stranger } = inputs;
  const verdict = portsVerdict(ours.nat, theirs?.nat ?? null, ours);
  const candidates = candidatesOf(inputs, verdict);
  const ports = candidates.length === 0 ? 'no' : candidates.some((one) => one.likely) ? (verdict === 'yes' || candidates[0]?.tier === 'direct' ? 'yes' : 'maybe') : 'maybe';
  const can = (tier: PathTier): boolean => ours.tiers.includes(tier) && (stranger ? tier === 'channel' : theirs === null || theirs.tiers.length === 0 || theirs.tiers.includes(tier));
  const hard = [ours.nat, theirs?.nat].some((nat) => nat?.mapping === Mapping.MAPPING_HARD);
  const carriers = carriersOf(verdict, hard, stranger, can);
  const excluded = excludedOf(verdict, ports, carriers, stranger, can, inputs);
  return { candidates, carriers, best: bestOf(candidates, carriers, ports), ports, excluded, doubt: doubtOf(ours.nat, theirs?.nat ?? null) };
}

/**
 * What two NATs allow between the tunnels' own ports. Open on either side: the other one sends there. Easy on both: each sends to where the
 * other is seen. Easy and hard: works when the easy side filters by address only, which nobody can see from outside (RFC 4787, section 5), so
 * it is worth a try; WireGuard then answers to the port that it hears from, as ICE does with peer-reflexive candidates (RFC 8445, 7.3.1.3).
 * Hard on both: neither can know where the other will be.
 */
type Verdict = 'yes' | 'maybe' | PathReasonCode;

function portsVerdict(here: NatReport, there: NatReport | null, ours: Ours): Verdict {
  if (here.mapping === Mapping.MAPPING_BLOCKED) return 'udp-blocked-here';
  if (there?.mapping === Mapping.MAPPING_BLOCKED) return 'udp-blocked-there';
  if (there === null) return 'maybe';
  if (!families(here, ours.endpoints).some((family) => families(there, []).includes(family))) return known(here) && known(there) ? 'no-common-family' : 'maybe';
  if (here.publicIpv6 !== '' && there.publicIpv6 !== '') return 'yes';
  if (isReachable(here) || isReachable(there)) return 'yes';
  const hard = [here, there].filter((nat) => nat.mapping === Mapping.MAPPING_HARD).length;
  if (hard === 2) return 'both-nats-hard';
  if (here.tunnelEndpoints.length === 0 && there.tunnelEndpoints.length === 0) return known(here) && known(there) ? 'not-observed' : 'maybe';
  const easy = [here, there].every((nat) => nat.mapping === Mapping.MAPPING_EASY && nat.tunnelEndpoints.length > 0);
  return easy ? 'yes' : 'maybe';
}

function known(nat: NatReport): boolean {
  return nat.mapping !== Mapping.MAPPING_UNSPECIFIED;
}

/** Families in which a machine meets the internet. */
function families(nat: NatReport, endpoints: readonly string[]): (4 | 6)[] {
  const seen = [...nat.tunnelEndpoints, ...endpoints].flatMap((text) => endpointOf(text)?.ip ?? []).filter(isGlobal);
  const has = (family: 4 | 6, address: string): boolean => address !== '' || seen.some((ip) => ip.family === family);
  return [...(has(4, nat.publicIpv4) ? ([4] as const) : []), ...(has(6, nat.publicIpv6) ? ([6] as const) : [])];
}

function candidatesOf({ ours, advertised, theirs }: PlanInputs, verdict: Verdict): Candidate[] {
  const there = theirs?.nat ?? null;
  const open = there === null || isReachable(there) || there.mapping === Mapping.MAPPING_UNSPECIFIED;
  const behindOne = there !== null && there.publicIpv4 !== '' && there.publicIpv4 === ours.nat.publicIpv4;
  const strangers = there !== null && there.publicIpv4 !== '' && ours.nat.publicIpv4 !== '' && !behindOne;
  const observed = new Set(there?.tunnelEndpoints ?? []);
  const passable = verdict === 'yes' || verdict === 'maybe' || verdict === 'not-observed';
  const all: { candidate: Candidate; order: number }[] = [];
  const add = (order: number, tier: Candidate['tier'], endpoint: string, likely: boolean): void => void all.push({ order, candidate: { tier, endpoint, likely } });

  for (const endpoint of new Set([...(theirs?.endpoints ?? []), ...advertised, ...observed])) {
    const at = endpointOf(endpoint);
    if (!at || isOwn(ours.subnets, at.ip) || inAny(ours.meshNetworks, at.ip) || !speaks(ours, at.ip)) continue;
    const near = !isGlobal(at.ip);
    // Two homes use the same private addresses: a neighbour's are tried only when both may be behind the same router.
    if (inAny(ours.subnets, at.ip)) add(0, 'direct', endpoint, !near || !strangers);
    else if (near) add(5, 'direct', endpoint, false);
    else if (!passable) continue;
    else if (at.ip.family === 6) add(2, 'direct', endpoint, true);
    // Where we can be reached ourselves no hole is needed, whoever speaks first.
    else if (observed.has(endpoint) && !(there && isReachable(there))) add(3, isReachable(ours.nat) ? 'direct' : 'punch', endpoint, true);
    // IPv4 first where both would do: whoever is spoken to sees how our router translates it, and of IPv6 there is nothing to see.
    else add(open ? 1 : 4, 'direct', endpoint, open || (there !== null && there.publicIpv4 === ''));
  }
  // Nobody saw its tunnel in IPv4 yet. A packet to its address opens what filters by address, and many routers keep the port.
  const guess = there && passable && there.publicIpv4 !== '' && !behindOne && ![...observed].some((text) => endpointOf(text)?.ip.family === 4) ? guessed(there.publicIpv4, theirs, advertised) : null;
  if (guess !== null && speaks(ours, { family: 4, value: 0n })) add(3, 'punch', guess, true);
  const sorted = all.toSorted((a, b) => a.order - b.order).map(({ candidate }) => candidate);
  // What is unlikely is worth a slot only where theory leaves a door open.
  return sorted.filter((one) => one.likely || passable).slice(0, candidatesMax);
}

function guessed(address: string, theirs: Theirs | null, advertised: readonly string[]): string | null {
  const port = [...(theirs?.endpoints ?? []), ...advertised].map((text) => endpointOf(text)?.port)[0];
  return port === undefined ? null : `${address}:${port}`;
}

/** Whether this machine has an address of the family at all. */
function speaks(ours: Ours, ip: Ip): boolean {
  if (ours.subnets.length === 0) return true;
  return ours.subnets.some(({ ip: own }) => own.family === ip.family && (ip.family === 4 || isGlobal(own) || !isGlobal(ip)));
}

function carriersOf(verdict: Verdict, hard: boolean, stranger: boolean, can: (tier: PathTier) => boolean): CarrierTier[] {
  if (stranger) return can('channel') && verdict !== 'udp-blocked-here' ? ['channel'] : [];
  const order: readonly CarrierTier[] =
    verdict === 'udp-blocked-here' || verdict === 'udp-blocked-there' ? ['stream', 'turn']
    // Its pair of ports is hindered by the same NATs in the same way.
    : verdict === 'both-nats-hard' || verdict === 'no-common-family' ? ['turn', 'stream']
    // A data channel reaches exactly as far as raw ICE and is slower: only those get it who have nothing else.
    // Where one side is hard it mostly fails, and slowly: it is left to trials, when something works already.
    : can('ice') ? (hard ? ['turn', 'stream', 'ice'] : ['turn', 'ice', 'stream']) : ['turn', 'channel', 'stream'];
  return order.filter(can);
}

function bestOf(candidates: readonly Candidate[], carriers: readonly CarrierTier[], ports: Plan['ports']): PathTier | null {
  const likely = candidates.filter((one) => one.likely);
  if (ports !== 'no' && likely.length > 0) return likely.some((one) => one.tier === 'direct') ? 'direct' : 'punch';
  return carriers.toSorted((a, b) => rankOf(a) - rankOf(b))[0] ?? null;
}

function excludedOf(verdict: Verdict, ports: Plan['ports'], carriers: readonly CarrierTier[], stranger: boolean, can: (tier: PathTier) => boolean, { ours, theirs }: PlanInputs): Reason[] {
  const reasons: Reason[] = [];
  if (verdict !== 'yes' && verdict !== 'maybe') reasons.push({ code: verdict, tier: 'punch', detail: {} });
  else if (ports === 'no') reasons.push({ code: 'no-endpoint', tier: 'direct', detail: {} });
  if (stranger) reasons.push({ code: 'peer-cannot', tier: 'punch', detail: {} });
  else if (!carriers.includes('turn') && theirs !== null && ours.tiers.includes('turn')) reasons.push({ code: can('turn') ? 'no-relay' : 'peer-cannot', tier: 'turn', detail: {} });
  return reasons;
}

function doubtOf(here: NatReport, there: NatReport | null): PathReasonCode {
  if (here.mapping === Mapping.MAPPING_HARD) return 'hard-nat-here';
  if (there?.mapping === Mapping.MAPPING_HARD) return 'hard-nat-there';
  if (there !== null && there.publicIpv4 !== '' && there.publicIpv4 === here.publicIpv4) return 'no-hairpin';
  return 'no-answer';
}

/** How an endpoint that WireGuard was found to use is to be called. What nobody named, at a relay's address, is a relay's: e.g. of an earlier life of this process. */
export function tierOfEndpoint(endpoint: string, { ours, advertised, theirs }: PlanInputs): 'direct' | 'punch' | 'turn' {
  const at = endpointOf(endpoint);
  if (!at) return 'direct';
  const named = [...(theirs?.endpoints ?? []), ...(theirs?.nat.tunnelEndpoints ?? []), ...advertised].includes(endpoint);
  if (!named && (ours.relays.includes(formatIp(at.ip)) || isOwn(ours.subnets, at.ip))) return 'turn';
  if (inAny(ours.subnets, at.ip) || isPrivate({ ip: at.ip, bits: at.ip.family === 4 ? 32 : 128 })) return 'direct';
  if (at.ip.family === 6 || isReachable(ours.nat) || (theirs !== null && isReachable(theirs.nat))) return 'direct';
  return theirs?.nat.tunnelEndpoints.includes(endpoint) !== true && advertised.includes(endpoint) ? 'direct' : 'punch';
}
