import { formatIp, formatPrefix, joinHostPort, networkOf, parseIp, parsePrefix, splitHostPort } from '../../base/ip.ts';
import { isKey } from '../../base/keys.ts';
import type { ClusterRole } from '../../contract/state.ts';
import type { Timestamp } from '../../gen/google/protobuf/timestamp.ts';
import type { MeshNode } from '../../gen/v1/mesh_messages.ts';
import type { WireguardPeer } from '../../gen/v1/node_messages.ts';

/** Ports that a zero stands for: old meshes never fill them in. */
export const defaultPorts = { grpc: 8443, raft: 9443, wireguard: 51820 } as const;
/** More rows than this are not a mesh that this app was made for. */
export const nodesMax = 10_000;
const endpointsMax = 16;

/** One node of the mesh, whichever way we learned of it; every text was parsed and is printed in one form. */
export interface RosterNode {
  readonly id: string;
  readonly publicKey: string;
  /** Bare addresses in the mesh. */
  readonly ipv4: string | null;
  readonly ipv6: string | null;
  /** Its /64. */
  readonly ipv6Network: string | null;
  /** Where its WireGuard listens, `ip:port`, the primary one first. Empty for a node that nobody can reach first. */
  readonly endpoints: readonly string[];
  /** Its public bare address, for its mesh API; null when it has none. */
  readonly primary: string | null;
  readonly grpcPort: number;
  readonly role: ClusterRole;
  readonly createdAtMs: number | null;
  readonly updatedAtMs: number | null;
}

/** Rows of the replica or of ListNodes. Rows without an id or a usable key are left out: one bad row must not hide the others. */
export function fromMeshNodes(nodes: readonly MeshNode[]): readonly RosterNode[] {
  return eachOnce(nodes.slice(0, nodesMax).flatMap((node) => {
    if (!sound(node.id, node.publicKey)) return [];
    const port = portOr(node.wireguardPort, defaultPorts.wireguard);
    const endpoints = [node.primaryEndpoint, ...node.endpoints].flatMap((text) => endpointOf(text, port));
    return [{
      ...addresses(node.privateIpv4, node.privateIpv6),
      id: node.id, publicKey: node.publicKey, endpoints: distinct(endpoints), primary: bare(node.primaryEndpoint),
      grpcPort: portOr(node.grpcPort, defaultPorts.grpc), role: roles[node.clusterStatus] ?? 'unknown',
      createdAtMs: toMs(node.createdAt), updatedAtMs: toMs(node.updatedAt),
    }];
  }));
}

/** Peers of a Join's answer: their endpoints carry the port already. */
export function fromJoinPeers(peers: readonly WireguardPeer[]): readonly RosterNode[] {
  return eachOnce(peers.slice(0, nodesMax).flatMap((peer) => {
    if (!sound(peer.id, peer.publicKey)) return [];
    const endpoints = [peer.primaryEndpoint, ...peer.endpoints].flatMap((text) => endpointOf(text, defaultPorts.wireguard));
    return [{
      ...addresses(peer.addressIpv4, peer.addressIpv6),
      id: peer.id, publicKey: peer.publicKey, endpoints: distinct(endpoints), primary: bare(peer.primaryEndpoint),
      grpcPort: defaultPorts.grpc, role: 'unknown' as const, createdAtMs: null, updatedAtMs: null,
    }];
  }));
}

/** Reads a roster that was stored by an earlier life; rows that make no sense are left out. */
export function fromStored(value: unknown): readonly RosterNode[] {
  if (!Array.isArray(value)) return [];
  return eachOnce(value.slice(0, nodesMax).flatMap((row: Partial<Record<keyof RosterNode, unknown>> | null) => {
    if (typeof row !== 'object' || row === null || typeof row.id !== 'string' || typeof row.publicKey !== 'string' || !sound(row.id, row.publicKey)) return [];
    const text = (field: unknown): string => (typeof field === 'string' ? field : '');
    const endpoints = Array.isArray(row.endpoints) ? row.endpoints.flatMap((e: unknown) => endpointOf(text(e), defaultPorts.wireguard)) : [];
    const role = (['leader', 'voter', 'observer'] as const).find((r) => r === row.role) ?? 'unknown';
    const ms = (field: unknown): number | null => (typeof field === 'number' && Number.isFinite(field) ? field : null);
    return [{
      ...addresses(text(row.ipv4), text(row.ipv6Network)),
      id: row.id, publicKey: row.publicKey, endpoints: distinct(endpoints), primary: bare(text(row.primary)),
      grpcPort: portOr(typeof row.grpcPort === 'number' ? row.grpcPort : 0, defaultPorts.grpc), role,
      createdAtMs: ms(row.createdAtMs), updatedAtMs: ms(row.updatedAtMs),
    }];
  }));
}

/** Where the mesh API of a node may answer to somebody outside of the mesh. */
export function publicApi(node: RosterNode): string | undefined {
  return node.primary === null ? undefined : joinHostPort(node.primary, node.grpcPort);
}

/** Milliseconds of a protobuf timestamp; null for none and for the zero time of Go. */
export function toMs(time: Timestamp | undefined): number | null {
  if (!time || time.seconds <= 0n) return null;
  return Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6);
}

const roles: Readonly<Record<number, ClusterRole>> = { 1: 'leader', 2: 'voter', 3: 'observer' };
const idMax = 253;

/** Whoever comes first with an id has it: lists go by ids. */
function eachOnce(nodes: readonly RosterNode[]): readonly RosterNode[] {
  const ids = new Set<string>();
  return nodes.filter(({ id }) => !ids.has(id) && ids.add(id));
}

function sound(id: string, publicKey: string): boolean {
  return id !== '' && id.length <= idMax && isKey(publicKey);
}

function addresses(v4: string, v6: string): Pick<RosterNode, 'ipv4' | 'ipv6' | 'ipv6Network'> {
  const four = parsePrefix(v4)?.ip ?? parseIp(v4);
  const six = parsePrefix(v6);
  const network = six && six.ip.family === 6 && six.bits === 64 ? networkOf(six) : undefined;
  return {
    ipv4: four?.family === 4 ? formatIp(four) : null,
    ipv6: network ? formatIp(network.ip) : null,
    ipv6Network: network ? formatPrefix(network) : null,
  };
}

/** `ip`, `ip:port` or `[v6]:port` as `ip:port`; nothing for what is neither. Names are not resolved: the API forbids them. */
function endpointOf(text: string, port: number): readonly string[] {
  if (text === '' || text.length > 64) return [];
  const ip = parseIp(text);
  if (ip) return [joinHostPort(formatIp(ip), port)];
  const split = splitHostPort(text);
  const host = split ? parseIp(split.host) : undefined;
  return split && host ? [joinHostPort(formatIp(host), split.port)] : [];
}

function bare(text: string): string | null {
  const ip = parseIp(text) ?? parseIp(splitHostPort(text)?.host ?? '');
  return ip ? formatIp(ip) : null;
}

function portOr(port: number, otherwise: number): number {
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? port : otherwise;
}

function distinct(list: readonly string[]): readonly string[] {
  return [...new Set(list)].slice(0, endpointsMax);
}
