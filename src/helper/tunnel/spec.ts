import { failure } from '../../base/failure.ts';
import { type Prefix, contains, formatIp, formatPrefix, joinHostPort, networkOf, overlaps, parseIp, parsePrefix, splitHostPort } from '../../base/ip.ts';
import { isKey } from '../../base/keys.ts';
import { type PeerSpec, type TunnelSpec } from '../../gen/webmesh/helper/v1/helper.ts';

/** A wanted tunnel after every part was checked. Texts are in canonical form, so that equal wishes are equal values. */
export interface WantedTunnel {
  readonly tunnelId: string;
  readonly device: string;
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
  /** 0 lets the engine choose. */
  readonly listenPort: number;
  readonly mtu: number;
  readonly peers: readonly WantedPeer[];
}

export interface WantedPeer {
  readonly publicKey: string;
  /** ip:port, or empty when the peer must come to us. */
  readonly endpoint: string;
  readonly allowedIps: readonly string[];
  readonly keepaliveSeconds: number;
}

export const tunnelIdPattern = /^[a-z0-9]{1,32}$/;
const limits = { addresses: 8, routes: 64, peers: 4096, allowedIps: 64 };
const mtuDefault = 1420;
const mtuMin = 1280;
const mtuMax = 9000;
const portMax = 65535;

/** Networks that a tunnel may never take from the machine: this host, link-local, multicast. */
const reserved = ['127.0.0.0/8', '0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/127', 'fe80::/10', 'ff00::/8'].map((text) => parsePrefix(text) as Prefix);

/**
 * Reads a tunnel specification from a caller that is not trusted. `nameDevice` gives the interface name: a caller never chooses one.
 * Throws input.invalid or input.limit, naming the field.
 */
export function parseTunnelSpec(spec: TunnelSpec | undefined, nameDevice: (tunnelId: string) => string): WantedTunnel {
  if (spec === undefined) throw invalid('spec', 'missing');
  if (!tunnelIdPattern.test(spec.tunnelId)) throw invalid('tunnel_id', 'not 1 to 32 lower-case letters and digits');
  const peers = limited('peers', spec.peers, limits.peers).map(parsePeer);
  refuseDuplicates('peers.public_key', peers.map((peer) => peer.publicKey));
  refuseDuplicates('peers.allowed_ips', peers.flatMap((peer) => peer.allowedIps));
  return {
    tunnelId: spec.tunnelId,
    device: nameDevice(spec.tunnelId),
    addresses: distinct(limited('addresses', spec.addresses, limits.addresses).map(parseAddress)),
    routes: distinct(limited('routes', spec.routes, limits.routes).map(parseRoute)),
    listenPort: whole('listen_port', spec.listenPort, 0, portMax),
    mtu: spec.mtu === 0 ? mtuDefault : whole('mtu', spec.mtu, mtuMin, mtuMax),
    peers,
  };
}

/** The tunnel without its IPv6 parts, for machines where IPv6 is switched off. Peers' allowed IPs stay: they touch no address of ours. */
export function withoutIpv6(wanted: WantedTunnel): WantedTunnel {
  const isIpv4 = (text: string): boolean => !text.includes(':');
  return { ...wanted, addresses: wanted.addresses.filter(isIpv4), routes: wanted.routes.filter(isIpv4) };
}

function parsePeer(peer: PeerSpec): WantedPeer {
  if (!isKey(peer.publicKey)) throw invalid('peers.public_key', 'not 32 bytes in base64');
  return {
    publicKey: peer.publicKey,
    endpoint: peer.endpoint === '' ? '' : parseEndpoint(peer.endpoint),
    allowedIps: distinct(limited('peers.allowed_ips', peer.allowedIps, limits.allowedIps).map(parseAllowedIp)),
    keepaliveSeconds: whole('peers.keepalive_seconds', peer.keepaliveSeconds, 0, portMax),
  };
}

/** Addresses only: the helper resolves no names. */
function parseEndpoint(text: string): string {
  const at = text.length <= 64 ? splitHostPort(text) : undefined;
  const ip = at === undefined ? undefined : parseIp(at.host);
  if (at === undefined || ip === undefined) throw invalid('peers.endpoint', 'not ip:port');
  if (ip.value === 0n || isMulticast(ip)) throw invalid('peers.endpoint', 'not the address of one host');
  return joinHostPort(formatIp(ip), at.port);
}

function isMulticast(ip: { readonly family: 4 | 6; readonly value: bigint }): boolean {
  return ip.family === 4 ? ip.value >> 28n >= 14n : ip.value >> 120n === 0xffn;
}

function parseAddress(text: string): string {
  const prefix = prefixOf('addresses', text);
  if (reserved.some((network) => contains(network, prefix.ip))) throw invalid('addresses', 'not an address that a tunnel may have');
  return formatPrefix(prefix);
}

function parseRoute(text: string): string {
  const network = networkOf(prefixOf('routes', text));
  const bitsMin = network.ip.family === 4 ? 8 : 16;
  if (network.bits < bitsMin) throw invalid('routes', 'wider than a mesh may be');
  if (reserved.some((other) => overlaps(other, network))) throw invalid('routes', 'not a network that a tunnel may take');
  return formatPrefix(network);
}

function parseAllowedIp(text: string): string {
  return formatPrefix(networkOf(prefixOf('peers.allowed_ips', text)));
}

function prefixOf(field: string, text: string): Prefix {
  const prefix = text.length <= 64 ? parsePrefix(text) : undefined;
  if (prefix === undefined) throw invalid(field, 'not address/bits');
  return prefix;
}

function limited<T>(field: string, list: readonly T[], max: number): readonly T[] {
  if (list.length > max) throw failure('input.limit', { field, max, got: list.length });
  return list;
}

function whole(field: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) throw invalid(field, `not between ${min} and ${max}`);
  return value;
}

function refuseDuplicates(field: string, values: readonly string[]): void {
  if (new Set(values).size !== values.length) throw invalid(field, 'the same value twice');
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}

function invalid(field: string, reason: string): Error {
  return failure('input.invalid', { field, reason });
}
