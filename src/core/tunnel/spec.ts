import { contains, formatPrefix, networkOf, parseIp, parsePrefix, type Prefix, splitHostPort } from '../../base/ip.ts';
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
}

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
  const subnets = input.own.flatMap(({ address, bits, loopback }) => prefixOf(address, bits, loopback));
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
    peers.push({ publicKey: node.publicKey, endpoint: endpointFor(node, input, networks, subnets) ?? '', allowedIps, keepaliveSeconds });
  }
  return peers;
}

/**
 * Where to send this peer's packets first. An address in one of our own networks is nearest; else the first of a family that we have.
 * Left out: what lies inside the mesh (the tunnel cannot carry itself), our own socket, and loopback unless we know nothing else of either side.
 */
function endpointFor(node: RosterNode, { own, listenPort }: SpecInput, networks: readonly Prefix[], subnets: readonly Prefix[]): string | undefined {
  const mine = new Set(own.map(({ address }) => address));
  const families = new Set(subnets.map(({ ip }) => ip.family));
  const usable = node.endpoints.flatMap((text) => {
    const split = splitHostPort(text);
    const ip = split && parseIp(split.host);
    if (!split || !ip) return [];
    const near = subnets.some((subnet) => contains(subnet, ip));
    if (!near && networks.some((network) => contains(network, ip))) return [];
    if (mine.has(split.host) && split.port === listenPort) return [];
    const loopback = split.host === '::1' || split.host.startsWith('127.');
    return [{ text, rank: loopback ? 3 : near ? 0 : families.has(ip.family) ? 1 : 2 }];
  });
  return usable.reduce<(typeof usable)[number] | undefined>((best, next) => (best === undefined || next.rank < best.rank ? next : best), undefined)?.text;
}

function prefixOf(address: string, bits: number, loopback: boolean): readonly Prefix[] {
  const ip = parseIp(address);
  return ip && !loopback ? [networkOf({ ip, bits })] : [];
}

function olderFirst(a: RosterNode, b: RosterNode): number {
  const age = (a.createdAtMs ?? Number.MAX_SAFE_INTEGER) - (b.createdAtMs ?? Number.MAX_SAFE_INTEGER);
  return age !== 0 ? age : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
