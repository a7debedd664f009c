import { contains, formatIp, type Ip, isPrivate, isUnroutable, joinHostPort, parseIp, parsePrefix, type Prefix, splitHostPort } from '../../base/ip.ts';
import { type PathReasonCode, pathReasonCodes, pathTiers, type PathTier } from '../../base/path-reasons.ts';
import { Mapping, type NatReport, type Proposal, Tier } from '../../gen/webmesh/paths/v1/paths_messages.ts';

/** What this machine knows of itself; one value for all peers. */
export interface Ours {
  readonly online: boolean;
  /** Grows with every wake and every change of the network. */
  readonly moves: number;
  readonly nat: NatReport;
  /** What it can do at all. */
  readonly tiers: readonly PathTier[];
  /** Of its real interfaces, with host bits. */
  readonly subnets: readonly Prefix[];
  /** Addresses inside the mesh: a tunnel to them would run in itself. */
  readonly meshNetworks: readonly Prefix[];
  /** Bare addresses at which members relay. */
  readonly relays: readonly string[];
  /** `ip:port` of its tunnel as it would advertise it, best first. */
  readonly endpoints: readonly string[];
}

/** What a peer last said of itself. */
export interface Theirs {
  readonly nat: NatReport;
  readonly tiers: readonly PathTier[];
  readonly endpoints: readonly string[];
}

export interface Reason {
  readonly code: PathReasonCode;
  readonly tier: PathTier | null;
  readonly detail: Readonly<Record<string, string>>;
}

export const noNat: NatReport = { mapping: Mapping.MAPPING_UNSPECIFIED, publicIpv4: '', publicIpv6: '', tunnelEndpoints: [], portMapping: '' };
const endpointsMax = 16;

const tierNumbers = { direct: Tier.TIER_DIRECT, punch: Tier.TIER_PUNCH, ice: Tier.TIER_ICE, channel: Tier.TIER_CHANNEL, turn: Tier.TIER_TURN, stream: Tier.TIER_STREAM } as const;

export function tierNumber(tier: PathTier | null): Tier {
  return tier === null ? Tier.TIER_UNSPECIFIED : tierNumbers[tier];
}

export function tierName(tier: Tier): PathTier | null {
  return pathTiers.find((name) => tierNumbers[name] === tier) ?? null;
}

/** 0 is the best. */
export function rankOf(tier: PathTier): number {
  return pathTiers.indexOf(tier);
}

export function codeOf(text: string): PathReasonCode {
  return pathReasonCodes.find((code) => code === text) ?? 'refused-there';
}

/** A peer's words, cut to what can be used: whoever is a member may send anything. */
export function theirsOf(proposal: Proposal): Theirs {
  const nat = proposal.nat ?? noNat;
  return {
    nat: {
      mapping: nat.mapping, publicIpv4: bare(nat.publicIpv4, 4), publicIpv6: bare(nat.publicIpv6, 6),
      tunnelEndpoints: endpointsOf(nat.tunnelEndpoints), portMapping: nat.portMapping.slice(0, 16),
    },
    tiers: proposal.tiers.slice(0, 16).flatMap((tier) => tierName(tier) ?? []),
    endpoints: endpointsOf(proposal.endpoints),
  };
}

/** The same of an answer; null: a node that was not told yet what it can do names no tier, and that says nothing of its network. */
export function saidBy(answer: Proposal): Theirs | null {
  return answer.tiers.length === 0 ? null : theirsOf(answer);
}

/** Those that are addresses of hosts, each once, in their order, in one way of writing. */
export function endpointsOf(texts: readonly string[]): string[] {
  const all = texts.slice(0, 4 * endpointsMax).flatMap((text) => {
    const at = endpointOf(text);
    return at && !isUnroutable(at.ip) ? [joinHostPort(formatIp(at.ip), at.port)] : [];
  });
  return [...new Set(all)].slice(0, endpointsMax);
}

interface Endpoint {
  readonly ip: Ip;
  readonly port: number;
}

const parsed = new Map<string, Endpoint | null>();
const parsedMax = 4_096;

/** The same few endpoints are looked at again and again: what was parsed is kept, in bounds. */
export function endpointOf(text: string): Endpoint | null {
  const before = parsed.get(text);
  if (before !== undefined) return before;
  const at = text.length > 64 ? undefined : splitHostPort(text);
  const ip = at && parseIp(at.host);
  const endpoint = at && ip ? { ip, port: at.port } : null;
  if (parsed.size >= parsedMax) parsed.clear();
  if (text.length <= 64) parsed.set(text, endpoint);
  return endpoint;
}

export function isLoopback(endpoint: string): boolean {
  return endpoint.startsWith('127.') || endpoint.startsWith('[::1]');
}

/** An address that the whole internet could reach: neither for private use, nor of one link, nor of this machine. */
export function isGlobal(ip: Ip): boolean {
  if (isUnroutable(ip) || isPrivate({ ip, bits: ip.family === 4 ? 32 : 128 })) return false;
  return ip.family === 6 || ip.value >> 16n !== 0xa9fen;
}

export function inAny(networks: readonly Prefix[], ip: Ip): boolean {
  return networks.some((network) => contains(network, ip));
}

export function isOwn(subnets: readonly Prefix[], ip: Ip): boolean {
  return subnets.some((subnet) => subnet.ip.family === ip.family && subnet.ip.value === ip.value);
}

export function prefixesOf(texts: readonly string[]): Prefix[] {
  return texts.slice(0, 64).flatMap((text) => parsePrefix(text) ?? []);
}

/** Everyone can send to it: nothing translates, or the router passes on what comes to its port. */
export function isReachable(nat: NatReport): boolean {
  return nat.mapping === Mapping.MAPPING_OPEN || nat.portMapping !== '';
}

export function sameTheirs(a: Theirs | null, b: Theirs | null): boolean {
  return a === b || (a !== null && b !== null && JSON.stringify(a) === JSON.stringify(b));
}

function bare(text: string, family: 4 | 6): string {
  const ip = text.length > 64 ? undefined : parseIp(text);
  return ip?.family === family ? formatIp(ip) : '';
}
