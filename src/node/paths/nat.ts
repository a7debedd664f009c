import { formatIp, parseIp, type Prefix, splitHostPort } from '../../base/ip.ts';
import { Mapping, type NatReport } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type PortMapping, type StunAnswer } from '../path-ports.ts';
import { endpointOf, endpointsOf, inAny, isGlobal, isOwn } from './facts.ts';

/** What is known of this machine's NAT, from several sources. */
export interface NatSources {
  /** Of its real interfaces, with host bits. */
  readonly subnets: readonly Prefix[];
  readonly meshNetworks: readonly Prefix[];
  /** What STUN servers saw of one fresh socket, by family; null: nobody was asked. */
  readonly stun4: readonly StunAnswer[] | null;
  readonly stun6: readonly StunAnswer[] | null;
  /** Where nodes with a direct handshake see the tunnel, newest first. */
  readonly observed: readonly string[];
  readonly mapped: PortMapping | null;
}

/**
 * The kind of mapping (RFC 4787, section 4.1; the test is that of RFC 5780, section 4.3, with two ports in the place of two addresses): one socket
 * asks servers on different ports. Unspecified where too little was answered to tell.
 */
export function natReport(sources: NatSources): NatReport {
  const { subnets, observed, mapped, meshNetworks, stun4, stun6 } = sources;
  const own = (family: 4 | 6): string | undefined => subnets.map(({ ip }) => ip).filter((ip) => ip.family === family && isGlobal(ip) && !inAny(meshNetworks, ip)).map(formatIp)[0];
  const publicOf = (answers: readonly StunAnswer[] | null): string | undefined => mappedOf(answers).map((at) => hostOf(at))[0];
  const global = mapped && isGlobalEndpoint(mapped.endpoint) ? mapped : null;
  return {
    mapping: mappingOf(sources, own),
    publicIpv4: publicOf(stun4) ?? own(4) ?? hostOf(observed.find((at) => endpointOf(at)?.ip.family === 4 && isGlobalEndpoint(at)) ?? ''),
    publicIpv6: publicOf(stun6) ?? own(6) ?? '',
    // An address of our own is no news to anybody.
    tunnelEndpoints: endpointsOf([...observed, ...(global ? [global.endpoint] : [])]).filter((at) => {
      const ip = endpointOf(at)?.ip;
      return ip !== undefined && !isOwn(subnets, ip) && !inAny(meshNetworks, ip);
    }).slice(0, 8),
    portMapping: global?.by ?? '',
  };
}

function mappingOf({ stun4, stun6, subnets, observed }: NatSources, own: (family: 4 | 6) => string | undefined): Mapping {
  const asked = [...(stun4 ?? []), ...(stun6 ?? [])];
  const heard = asked.filter((one) => one.mapped !== null);
  // A tunnel that others hear is UDP; but what they were told to send to is not what they heard.
  const outside = observed.filter((at) => isGlobalEndpoint(at) && !isOwn(subnets, endpointOf(at)?.ip ?? { family: 4, value: 0n }));
  if (asked.length > 0 && heard.length === 0) return outside.length > 0 ? Mapping.MAPPING_UNSPECIFIED : Mapping.MAPPING_BLOCKED;
  const seen = [...new Set(mappedOf(stun4))];
  // Nobody said anything of IPv4: an address of the internet's own says enough, a private one nothing. IPv6 alone is not translated.
  if (seen.length === 0) return own(4) !== undefined || (own(6) !== undefined && !subnets.some(({ ip }) => ip.family === 4)) ? Mapping.MAPPING_OPEN : Mapping.MAPPING_UNSPECIFIED;
  const translated = seen.filter((at) => {
    const ip = parseIp(hostOf(at));
    return ip === undefined || !isOwn(subnets, ip);
  });
  if (translated.length === 0) return Mapping.MAPPING_OPEN;
  if (seen.length > 1) return Mapping.MAPPING_HARD;
  return mappedOf(stun4).length > 1 ? Mapping.MAPPING_EASY : Mapping.MAPPING_UNSPECIFIED;
}

/** A server inside the same network sees the inside: what it says of the outside is nothing. */
function mappedOf(answers: readonly StunAnswer[] | null): string[] {
  const all = (answers ?? []).flatMap((one) => one.mapped ?? []);
  const outside = all.filter(isGlobalEndpoint);
  return outside.length > 0 ? outside : all;
}

function isGlobalEndpoint(endpoint: string): boolean {
  const at = endpointOf(endpoint);
  return at !== null && isGlobal(at.ip);
}

function hostOf(endpoint: string): string {
  return splitHostPort(endpoint)?.host ?? '';
}

export function sameNat(a: NatReport, b: NatReport): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
