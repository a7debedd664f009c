import { formatIp, type Ip, joinHostPort, networkOf, parseIp, type Prefix } from '../../base/ip.ts';
import { type PathTier } from '../../base/path-reasons.ts';
import { type PathPeer, type SetPathInputsRequest } from '../../gen/webmesh/local/v1/local.ts';
import { type NatReport } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type NodeConfig, meshPrefixOf } from '../config.ts';
import { endpointOf, endpointsOf, isGlobal, type Ours, prefixesOf } from './facts.ts';
import { type MeasuredServer } from './ports.ts';

const peersMax = 10_000;

/** The peers that can be worked with, each once. */
export function peersOf(inputs: SetPathInputsRequest, me: string): readonly PathPeer[] {
  const seen = new Set<string>();
  return inputs.peers.slice(0, peersMax).flatMap((peer) => {
    if (peer.id === '' || peer.id === me || peer.publicKey === '' || seen.has(peer.id)) return [];
    seen.add(peer.id);
    return [{ ...peer, endpoints: endpointsOf(peer.endpoints) }];
  });
}

/** This machine as plans see it. */
export function oursOf(inputs: SetPathInputsRequest, nat: NatReport, tiers: readonly PathTier[], meshNetworks: readonly Prefix[], relays: readonly string[] = []): Ours {
  const subnets = prefixesOf(inputs.ownAddresses);
  const own = inputs.listenPort === 0 ? [] : subnets.filter(({ ip }) => !isLinkLocal(ip)).toSorted((a, b) => Number(isGlobal(b.ip)) - Number(isGlobal(a.ip))).map(({ ip }) => joinHostPort(formatIp(ip), inputs.listenPort));
  return { online: inputs.online, moves: Number(inputs.moves), nat, tiers, subnets, meshNetworks, relays, endpoints: endpointsOf([...own, ...nat.tunnelEndpoints]) };
}

/** Where members relay, as their servers are named: `turn:host:port?…`, `stun:host:port`. */
export function relaysOf(servers: readonly MeasuredServer[]): readonly string[] {
  const urls = servers.flatMap(({ server }) => [...server.turn, ...server.stun]);
  const hosts = urls.flatMap((url) => endpointOf(url.replace(/^(turns?|stuns?):/, '').replace(/\?.*$/, ''))?.ip ?? []);
  return [...new Set(hosts.map(formatIp))].slice(0, 64);
}

/** What lies inside the tunnel: the mesh's /48, and the smallest IPv4 network around all addresses that were leased. */
export function meshNetworksOf({ meshIpv4, meshIpv6 }: Pick<NodeConfig, 'meshIpv4' | 'meshIpv6'>, peers: readonly PathPeer[]): readonly Prefix[] {
  const leased = [...(meshIpv4 ? [meshIpv4] : []), ...peers.flatMap(({ ipv4 }) => parseIp(ipv4) ?? [])].filter(({ family }) => family === 4);
  return [...(meshIpv6 ? [meshPrefixOf(meshIpv6)] : []), ...around(leased)];
}

function around(addresses: readonly Ip[]): Prefix[] {
  const [first] = addresses;
  if (!first) return [];
  let [low, high] = [first.value, first.value];
  for (const { value } of addresses) [low, high] = [value < low ? value : low, value > high ? value : high];
  let bits = 32;
  while (bits > 0 && low >> BigInt(32 - bits) !== high >> BigInt(32 - bits)) bits--;
  return [networkOf({ ip: { family: 4, value: low }, bits })];
}

/** Good on one link only, and only with a zone: no address to tell others (RFC 3927, RFC 4291). */
function isLinkLocal({ family, value }: Ip): boolean {
  return family === 4 ? value >> 16n === 0xa9fen : value >> 118n === 0x3fan;
}
