import { contains, formatIp, formatPrefix, isUnroutable, joinHostPort, type Ip, networkOf, parseIp, parsePrefix, type Prefix, splitHostPort } from '../../base/ip.ts';
import { isPrivateDomain, meshZone } from '../../base/private-names.ts';
import type { DnsSpec, PeerSpec, TunnelSpec } from '../../gen/webmesh/helper/v1/helper.ts';
import { meshNetworks } from '../mesh/lease.ts';
import type { RosterNode } from '../mesh/roster.ts';
import type { OwnAddress } from '../ports.ts';
import type { Lease } from '../session/state.ts';

/** Room for WireGuard's header inside 1500 bytes over IPv6. */
export const mtu = 1420;
/** Seconds. Keeps a way open through a NAT that forgets after half a minute. */
export const keepaliveSeconds = 25;

export interface SpecInput {
  readonly tunnelId: string;
  readonly nodeId: string;
  /** Which of the tunnel's keys, the one that the mesh knows. */
  readonly publicKey: string;
  readonly listenPort: number;
  readonly lease: Lease;
  readonly nodes: readonly RosterNode[];
  readonly own: readonly OwnAddress[];
  /** By public key: where the path finder sends a peer's packets. */
  readonly overrides: ReadonlyMap<string, PathOverride>;
  /** Under which suffix programs of this machine find devices, and the port at which our own node answers; null: they do not. */
  readonly names: { readonly suffix: string; readonly port: number } | null;
}

/** What the path finder says of one peer. */
export interface PathOverride {
  /** ip:port, a carrier's 127.0.0.1:port included; empty: the advertised endpoint that is picked here. */
  readonly endpoint: string;
  readonly push: number;
  readonly restart: number;
}

const noOverride: PathOverride = { endpoint: '', push: 0, restart: 0 };

/**
 * The whole wanted tunnel: our addresses, the mesh's networks as routes, and every other node as a peer.
 * A peer may own its IPv4 address and its /64 and nothing else, and only inside the mesh's networks; the older node keeps what two claim.
 * A peer without an endpoint is listed all the same: it can come to us.
 */
export function tunnelSpec(input: SpecInput): TunnelSpec {
  const networks = meshNetworks(input.lease);
  return {
    tunnelId: input.tunnelId,
    addresses: [
      ...(input.lease.ipv4 === null ? [] : [`${input.lease.ipv4}/32`]),
      ...(input.lease.ipv6 === null ? [] : [`${input.lease.ipv6}/128`]),
    ],
    routes: networks.map(formatPrefix),
    listenPort: input.listenPort,
    mtu,
    peers: peersOf(input, networks),
    publicKey: input.publicKey,
    dns: input.names === null ? undefined : dnsSpec(input.lease, input.names),
  };
}

/** Where our own node answers when nobody says otherwise. */
export const namesPortDefault = 5353;
/** Reverse zones end at whole octets and nibbles. Of a wide network only the part around our own address is asked for: others may use the rest. */
const reverse = { 4: { bitsMin: 16, bitsMax: 24, step: 8 }, 6: { bitsMin: 48, bitsMax: 64, step: 4 } } as const;

/**
 * The suffix first, then the mesh's own zone and the zones of its addresses; our own node answers all of them. A suffix that may be
 * somebody's on the Internet stays with the Internet.
 */
function dnsSpec(lease: Lease, { suffix, port }: { readonly suffix: string; readonly port: number }): DnsSpec | undefined {
  const own = [lease.ipv4, lease.ipv6].flatMap((text) => (text === null ? [] : (parseIp(text) ?? [])));
  if (own.length === 0 || !isPrivateDomain(suffix)) return undefined;
  const zones = meshNetworks(lease).flatMap((network) => own.filter((ip) => contains(network, ip)).flatMap((ip) => reverseZone(ip, network) ?? []));
  return { servers: own.map((ip) => joinHostPort(formatIp(ip), port)), domains: [...new Set([suffix, meshZone, ...zones])] };
}

/** RFC 1035 §3.5, RFC 3596 §2.5. */
function reverseZone({ family, value }: Ip, network: Prefix): string | undefined {
  const { bitsMin, bitsMax, step } = reverse[family];
  const bits = Math.max(bitsMin, Math.ceil(network.bits / step) * step);
  if (bits > bitsMax) return undefined;
  const width = family === 4 ? 32 : 128;
  const parts = Array.from({ length: bits / step }, (_, at) => (value >> BigInt(width - (at + 1) * step)) & ((1n << BigInt(step)) - 1n));
  return [...parts.reverse().map((part) => part.toString(family === 4 ? 10 : 16)), family === 4 ? 'in-addr.arpa' : 'ip6.arpa'].join('.');
}

function peersOf(input: SpecInput, networks: readonly Prefix[]): PeerSpec[] {
  const taken = new Set<string>([`${input.lease.ipv4}/32`, input.lease.ipv6Network ?? '']);
  const keys = new Set<string>([input.publicKey]);
  const subnets = subnetsOf(input.own);
  const peers: PeerSpec[] = [];
  for (const node of [...input.nodes].sort(olderFirst)) {
    if (node.id === input.nodeId || keys.has(node.publicKey)) continue;
    keys.add(node.publicKey);
    const allowedIps = [node.ipv4 === null ? undefined : `${node.ipv4}/32`, node.ipv6Network ?? undefined].filter((text): text is string => {
      const prefix = text === undefined ? undefined : parsePrefix(text);
      return text !== undefined && prefix !== undefined && !taken.has(text) && networks.some((network) => contains(network, prefix.ip));
    });
    for (const text of allowedIps) taken.add(text);
    if (allowedIps.length === 0) continue;
    const { endpoint, push, restart } = input.overrides.get(node.publicKey) ?? noOverride;
    const chosen = overrideFor(endpoint, input, networks, subnets) ?? endpointsOf(node, input, networks, subnets)[0] ?? '';
    peers.push({ publicKey: node.publicKey, endpoint: chosen, allowedIps, keepaliveSeconds, push, restart });
  }
  return peers;
}

/**
 * Where this peer's packets may be sent, best first. An address in one of our own networks is nearest; then those of a family that we have.
 * Left out: what lies inside the mesh (the tunnel cannot carry itself) and our own socket. Loopback is last: it is for meshes on one machine.
 */
function endpointsOf(node: Pick<RosterNode, 'endpoints'>, { own, listenPort }: Pick<SpecInput, 'own' | 'listenPort'>, networks: readonly Prefix[], subnets: readonly Prefix[]): readonly string[] {
  const mine = new Set(own.map(({ address }) => address));
  const families = new Set(subnets.map(({ ip }) => ip.family));
  const usable = node.endpoints.flatMap((text) => {
    const split = splitHostPort(text);
    const ip = split && parseIp(split.host);
    if (!split || !ip) return [];
    const near = subnets.some((subnet) => contains(subnet, ip));
    if (!near && networks.some((network) => contains(network, ip))) return [];
    if (mine.has(split.host) && split.port === listenPort) return [];
    return [{ text, rank: isLoopback(split.host) ? 3 : near ? 0 : families.has(ip.family) ? 1 : 2 }];
  });
  return usable.sort((a, b) => a.rank - b.rank).map(({ text }) => text);
}

/** The advertised endpoints of a node that can be tried from here, best first. */
export function advertisedEndpoints(node: Pick<RosterNode, 'endpoints'>, { lease, own, listenPort }: Pick<SpecInput, 'lease' | 'own' | 'listenPort'>): readonly string[] {
  return endpointsOf(node, { own, listenPort }, meshNetworks(lease), subnetsOf(own));
}

/**
 * The finder's endpoint in the one form that the helper knows, if it can be one. The node process parses what strangers send, so its word is
 * checked as well. Its carriers are on loopback; our own tunnel port never is one.
 */
function overrideFor(endpoint: string, { own, listenPort }: SpecInput, networks: readonly Prefix[], subnets: readonly Prefix[]): string | undefined {
  const split = splitHostPort(endpoint);
  const ip = split && parseIp(split.host);
  if (!split || !ip) return undefined;
  const text = joinHostPort(formatIp(ip), split.port);
  if (isLoopback(formatIp(ip))) return split.port === listenPort ? undefined : text;
  return isUnroutable(ip) ? undefined : endpointsOf({ endpoints: [text] }, { own, listenPort }, networks, subnets)[0];
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}

function subnetsOf(own: readonly OwnAddress[]): readonly Prefix[] {
  return own.flatMap(({ address, bits, loopback }) => prefixOf(address, bits, loopback));
}

function prefixOf(address: string, bits: number, loopback: boolean): readonly Prefix[] {
  const ip = parseIp(address);
  return ip && !loopback ? [networkOf({ ip, bits })] : [];
}

function olderFirst(a: RosterNode, b: RosterNode): number {
  const age = (a.createdAtMs ?? Number.MAX_SAFE_INTEGER) - (b.createdAtMs ?? Number.MAX_SAFE_INTEGER);
  return age !== 0 ? age : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
