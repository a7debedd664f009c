import { contains, formatIp, formatPrefix, isUnroutable, joinHostPort, networkOf, parseIp, parsePrefix, type Prefix, splitHostPort } from '../../base/ip.ts';
import type { PeerSpec, TunnelSpec } from '../../gen/webmesh/helper/v1/helper.ts';
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
  };
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
