import { contains, type Ip, isPrivate, isUnroutable, parseIp, parsePrefix, type Prefix } from '../../base/ip.ts';

/** What this node knows about itself when it decides where relayed datagrams may go. */
export interface Destinations {
  /** Bare addresses of this machine as others see it. */
  readonly external: () => External;
  readonly wireguardPort: () => number;
  /** Addresses of this machine's interfaces; prefix lengths are ignored. */
  readonly ownAddresses: () => readonly string[];
  readonly meshNetworks: () => readonly Prefix[];
}

export interface External {
  readonly ipv4: string | null;
  readonly ipv6: string | null;
}

const width = { 4: 32, 6: 128 } as const;

/**
 * Addresses that are not globally reachable (IANA special-purpose registries) beside those of base/ip, and IPv6 addresses that stand for an IPv4
 * one: mapped and compatible, NAT64 (RFC 6052, RFC 8215), Teredo, 6to4. Networks for documentation are left out: they lead nowhere.
 */
const special = ['169.254.0.0/16', '192.0.0.0/24', '198.18.0.0/15', '::/96', '::ffff:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '2001::/32', '2002::/16', 'fec0::/10', '100::/64'].flatMap((text) => parsePrefix(text) ?? []);

/**
 * Whether somebody may have datagrams relayed to this end. A relay stands inside this machine's network and firewall, so nothing may be reached
 * through it that the public could not reach by itself: no address of this machine, of private networks, or of the mesh. The one exception is the
 * machine's own WireGuard port at its own external address, because WireGuard proves everybody by itself.
 */
export function mayRelayTo(address: string, port: number, destinations: Destinations): boolean {
  const ip = parseIp(address);
  if (!ip) return false;
  const { ipv4, ipv6 } = destinations.external();
  if ([ipv4, ipv6].some((own) => own !== null && same(parseIp(own), ip))) return port !== 0 && port === destinations.wireguardPort();
  if (isUnroutable(ip) || isPrivate({ ip, bits: width[ip.family] }) || special.some((network) => contains(network, ip))) return false;
  if (destinations.meshNetworks().some((network) => contains(network, ip))) return false;
  return !destinations.ownAddresses().some((own) => same(parseIp(own.replace(/\/\d+$/, '')), ip));
}

function same(a: Ip | undefined, b: Ip): boolean {
  return a !== undefined && a.family === b.family && a.value === b.value;
}
