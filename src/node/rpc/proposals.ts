import { formatIp, type Ip, isUnroutable, joinHostPort, parseIp, splitHostPort } from '../../base/ip.ts';
import { pathReasonCodes } from '../../base/path-reasons.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { type IceDescription, Mapping, type NatReport, type Proposal, Tier } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { nodeId } from './validate.ts';

/** Of a proposal that another node made. What is longer is refused whole, so that two nodes never act on different halves. */
export const proposalLimits = {
  sessionBytes: 16, tiers: 8, endpoints: 16, candidates: 32, candidateCharacters: 1_024, iceCandidateCharacters: 256, descriptionCharacters: 16_384,
} as const;

/**
 * A proposal as this node may act on it: everything parsed, bounded, in canonical text. Throws invalidArgument and names the field.
 * Newer nodes may say more than this one knows: unknown tiers and mappings are left out. Endpoints that lead to nobody else (loopback, multicast,
 * link-local) are left out too: an honest node may list them, and nobody may have this machine's tunnel send there.
 */
export function parseProposal(given: Proposal | undefined): Proposal {
  if (given === undefined) throw invalid('proposal', 'is missing');
  const tier = known(Tier, given.tier) ? given.tier : Tier.TIER_UNSPECIFIED;
  const unnamed = tier === Tier.TIER_UNSPECIFIED && given.session.length === 0;
  if (!unnamed && given.session.length !== proposalLimits.sessionBytes) throw invalid('session', 'must have 16 bytes');
  return {
    session: given.session,
    tier,
    tiers: [...new Set(list(given.tiers, 'tiers', proposalLimits.tiers).filter((each) => known(Tier, each)))],
    nat: given.nat && natReport(given.nat),
    endpoints: endpoints(given.endpoints, 'endpoints'),
    ice: given.ice && iceDescription(given.ice),
    turnEndpoint: given.turnEndpoint === '' ? '' : endpoint(given.turnEndpoint, 'turn_endpoint'),
    relayNode: given.relayNode === '' ? '' : nodeId(given.relayNode),
    description: printable(given.description, 'description', proposalLimits.descriptionCharacters),
    candidates: list(given.candidates, 'candidates', proposalLimits.candidates).map((each) => printable(each, 'candidates', proposalLimits.candidateCharacters)),
    refusal: refusalOf(given.refusal),
  };
}

function natReport({ mapping, publicIpv4, publicIpv6, tunnelEndpoints, portMapping }: NatReport): NatReport {
  return {
    mapping: known(Mapping, mapping) ? mapping : Mapping.MAPPING_UNSPECIFIED,
    publicIpv4: optionalIp(publicIpv4, 4, 'nat.public_ipv4'),
    publicIpv6: optionalIp(publicIpv6, 6, 'nat.public_ipv6'),
    tunnelEndpoints: endpoints(tunnelEndpoints, 'nat.tunnel_endpoints'),
    portMapping: ['pcp', 'nat-pmp', 'upnp'].includes(portMapping) ? portMapping : '',
  };
}

/** RFC 8445 section 5.3: letters, digits, plus, slash. RFC 8839 section 5.1 for candidates; names instead of addresses would have this machine ask its resolver. */
function iceDescription({ ufrag, pwd, candidates }: IceDescription): IceDescription {
  if (!/^[A-Za-z0-9+/]{4,256}$/.test(ufrag)) throw invalid('ice.ufrag', 'must have 4 to 256 letters, digits, + and /');
  if (!/^[A-Za-z0-9+/]{22,256}$/.test(pwd)) throw invalid('ice.pwd', 'must have 22 to 256 letters, digits, + and /');
  return { ufrag, pwd, candidates: list(candidates, 'ice.candidates', proposalLimits.candidates).map(iceCandidate).filter((each) => each !== null) };
}

const candidatePattern = /^candidate:[A-Za-z0-9+/]{1,32} \d{1,3} [A-Za-z]{1,8} \d{1,10} ([0-9A-Fa-f.:]{2,45}) (\d{1,5}) typ [a-z]{1,8}( [\x21-\x7e]+)*$/;

function iceCandidate(text: string): string | null {
  const [, host = '', port] = (text.length <= proposalLimits.iceCandidateCharacters ? candidatePattern.exec(text) : null) ?? [];
  const ip = parseIp(host);
  if (!ip || Number(port) > 65_535) throw invalid('ice.candidates', 'has one that is no candidate with an IP address');
  return leadsNowhere(ip) ? null : text;
}

function endpoints(given: readonly string[], field: string): string[] {
  const each = list(given, field, proposalLimits.endpoints).map((text) => endpoint(text, field));
  return [...new Set(each)].filter((text) => !leadsNowhere(parseIp(splitHostPort(text)?.host ?? '')));
}

/** To this machine alone, to nobody or to many; also where an IPv6 address stands for such an IPv4 one (RFC 4291 section 2.5.5.2). */
function leadsNowhere(ip: Ip | undefined): boolean {
  if (!ip) return true;
  return isUnroutable(ip.family === 6 && ip.value >> 32n === 0xffffn ? { family: 4, value: ip.value & 0xffff_ffffn } : ip);
}

/** `ip:port` in canonical text. */
function endpoint(text: string, field: string): string {
  const at = text.length <= 64 ? splitHostPort(text) : undefined;
  const ip = at && parseIp(at.host);
  if (!at || !ip || ip.value === 0n) throw invalid(field, 'must be an IP address with a port');
  return joinHostPort(formatIp(ip), at.port);
}

function optionalIp(text: string, family: 4 | 6, field: string): string {
  if (text === '') return '';
  const ip = text.length <= 64 ? parseIp(text) : undefined;
  if (ip?.family !== family || ip.value === 0n) throw invalid(field, `must be an IPv${family} address`);
  return formatIp(ip);
}

function refusalOf(text: string): string {
  return text === '' || pathReasonCodes.some((code) => code === text) ? text : 'refused-there';
}

function printable(text: string, field: string, charactersMax: number): string {
  // SDP has lines, everything else is printable ASCII.
  if (text.length > charactersMax || /[^\t\r\n\x20-\x7e]/.test(text)) throw invalid(field, `must be text of at most ${charactersMax} characters`);
  return text;
}

function known(names: Readonly<Record<string, number>>, value: number): boolean {
  return value >= 0 && Object.values(names).includes(value);
}

function list<T>(values: readonly T[], field: string, max: number): readonly T[] {
  if (values.length > max) throw invalid(field, `has more than ${max} values`);
  return values;
}

function invalid(field: string, reason: string): RpcError {
  return new RpcError(status.invalidArgument, `${field} ${reason}`);
}
