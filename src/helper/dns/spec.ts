import { failure } from '../../base/failure.ts';
import { contains, formatIp, joinHostPort, type Ip, networkOf, parseIp, parsePrefix, type Prefix, splitHostPort } from '../../base/ip.ts';
import { isDomain, isPrivateDomain } from '../../base/private-names.ts';
import { type DnsSpec } from '../../gen/webmesh/helper/v1/helper.ts';

/** Which names this machine's resolver asks a mesh for. Texts are in canonical form, so that equal wishes are equal values. */
export interface WantedNames {
  /** ip:port, best first; at least one. */
  readonly servers: readonly string[];
  /** Without a dot at the end, the one that matters most first; at least one. */
  readonly domains: readonly string[];
}

const limits = { servers: 3, domains: 8, characters: 253 };
const dnsPort = 53;
const portMin = 1024;

/**
 * Reads what a caller that is not trusted wants of the resolver. A server is in the tunnel or this machine's own end of it; a domain is a
 * private one or a reverse zone inside of the tunnel's networks: so no caller can answer for a name of the Internet or of another network.
 * Throws input.invalid or input.limit, naming the field.
 */
export function parseDnsSpec(spec: DnsSpec | undefined, tunnel: { readonly addresses: readonly string[]; readonly routes: readonly string[] }): WantedNames | null {
  if (spec === undefined) return null;
  const addresses = tunnel.addresses.flatMap((text) => parsePrefix(text) ?? []);
  const routes = tunnel.routes.flatMap((text) => parsePrefix(text) ?? []);
  const servers = few('dns.servers', spec.servers, limits.servers).map((text) => parseServer(text, addresses, routes));
  const domains = few('dns.domains', spec.domains, limits.domains).map((text) => parseDomain(text, routes));
  return { servers: [...new Set(servers)], domains: [...new Set(domains)] };
}

/** The names without servers of IPv6, for machines where it is switched off; null when none is left. */
export function namesWithoutIpv6(names: WantedNames | null): WantedNames | null {
  const servers = names?.servers.filter((server) => !server.startsWith('[')) ?? [];
  return names === null || servers.length === 0 ? null : { ...names, servers };
}

/** True for a zone of addresses. */
export function isReverse(domain: string): boolean {
  return domain.endsWith('.in-addr.arpa') || domain.endsWith('.ip6.arpa');
}

function parseServer(text: string, addresses: readonly Prefix[], routes: readonly Prefix[]): string {
  const at = text.length <= 64 ? splitHostPort(text) : undefined;
  const ip = at && parseIp(at.host);
  if (at === undefined || ip === undefined) throw invalid('dns.servers', 'not ip:port');
  if (at.port !== dnsPort && at.port < portMin) throw invalid('dns.servers', 'a port of something else');
  if (!addresses.some(({ ip: own }) => same(own, ip)) && !routes.some((route) => contains(route, ip))) throw invalid('dns.servers', 'outside of the tunnel');
  return joinHostPort(formatIp(ip), at.port);
}

function parseDomain(text: string, routes: readonly Prefix[]): string {
  const domain = text.length <= limits.characters ? text.toLowerCase() : '';
  if (!isDomain(domain)) throw invalid('dns.domains', 'no domain of two labels or more');
  if (isPrivateDomain(domain)) return domain;
  const network = reverseNetwork(domain);
  if (network === undefined) throw invalid('dns.domains', 'not below a private domain such as internal');
  if (!routes.some((route) => route.ip.family === network.ip.family && route.bits <= network.bits && contains(route, network.ip))) throw invalid('dns.domains', 'a reverse zone outside of the routes');
  return domain;
}

/** The network that a reverse zone tells of (RFC 1035 §3.5, RFC 3596 §2.5); undefined for any other name. */
export function reverseNetwork(domain: string): Prefix | undefined {
  const four = /^((?:\d{1,3}\.){1,4})in-addr\.arpa$/.exec(domain)?.[1];
  if (four !== undefined) {
    const parts = four.split('.').slice(0, -1).reverse();
    return canonical(`${[...parts, '0', '0', '0'].slice(0, 4).join('.')}/${parts.length * 8}`);
  }
  const six = /^((?:[0-9a-f]\.){1,32})ip6\.arpa$/.exec(domain)?.[1];
  if (six === undefined) return undefined;
  const digits = six.split('.').slice(0, -1).reverse();
  return canonical(`${[...digits, ...Array<string>(32 - digits.length).fill('0')].join('').replace(/(.{4})(?!$)/g, '$1:')}/${digits.length * 4}`);
}

function canonical(text: string): Prefix | undefined {
  const prefix = parsePrefix(text);
  return prefix && networkOf(prefix);
}

function same(a: Ip, b: Ip): boolean {
  return a.family === b.family && a.value === b.value;
}

function few(field: string, list: readonly string[], max: number): readonly string[] {
  if (list.length > max) throw failure('input.limit', { field, max, got: list.length });
  if (list.length === 0) throw invalid(field, 'empty');
  return list;
}

function invalid(field: string, reason: string): Error {
  return failure('input.invalid', { field, reason });
}
