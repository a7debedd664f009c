import { formatIp, isUnroutable, parseIp, splitHostPort } from '../../../base/ip.ts';
import { Mapping, type NatReport } from '../../../gen/webmesh/paths/v1/paths_messages.ts';

const addressesMax = 8;

/** Bare addresses from which a peer's datagrams may come, as it says and as others saw it; the likeliest first, and few. */
export function addressesOf(nat: NatReport | null, endpoints: readonly string[]): readonly string[] {
  const hosts = [nat?.publicIpv4 ?? '', nat?.publicIpv6 ?? '', ...[...(nat?.tunnelEndpoints ?? []), ...endpoints].slice(0, 64).map((endpoint) => splitHostPort(endpoint)?.host ?? '')];
  const known = hosts.flatMap((host) => {
    const ip = parseIp(host);
    return ip && !isUnroutable(ip) ? [formatIp(ip)] : [];
  });
  return [...new Set(known)].slice(0, addressesMax);
}

/** Families in which a peer can send, IPv4 first: most relays have it. */
export function familiesOf(addresses: readonly string[]): readonly (4 | 6)[] {
  return ([4, 6] as const).filter((family) => addresses.some((address) => address.includes(':') === (family === 6)));
}

/** Whether this machine's tunnel can send to a relayed address that the other side got. */
export function usableEndpoint(endpoint: string, own: NatReport): boolean {
  const at = splitHostPort(endpoint);
  const ip = at && parseIp(at.host);
  if (!ip || isUnroutable(ip) || own.mapping === Mapping.MAPPING_BLOCKED) return false;
  const [has4, has6] = [own.publicIpv4 !== '', own.publicIpv6 !== ''];
  // Where nothing is known of our own addresses, it is tried.
  return (!has4 && !has6) || (ip.family === 4 ? has4 : has6);
}
