import { failure } from '../../base/failure.ts';
import { type Prefix, contains, formatIp, formatPrefix, isPrivate, joinHostPort, networkOf, parseIp, parsePrefix, splitHostPort } from '../../base/ip.ts';
import { isKey } from '../../base/keys.ts';
import { type PeerSpec, type TunnelSpec } from '../../gen/webmesh/helper/v1/helper.ts';
import { type WantedNames, namesWithoutIpv6, parseDnsSpec } from '../dns/spec.ts';
import { type TunnelPlace } from '../ports.ts';

/** A wanted tunnel after every part was checked. Texts are in canonical form, so that equal wishes are equal values. */
export interface WantedTunnel {
  readonly place: TunnelPlace;
  readonly device: string;
  /** Which of the tunnel's keys; empty for the present one. */
  readonly publicKey: string;
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
  /** 0 lets the engine choose. */
  readonly listenPort: number;
  readonly mtu: number;
  readonly peers: readonly WantedPeer[];
  /** What the machine's resolver is to ask the mesh for; null leaves the resolver alone. */
  readonly names: WantedNames | null;
}

export interface WantedPeer {
  readonly publicKey: string;
  /** ip:port, or empty when the peer must come to us. */
  readonly endpoint: string;
  readonly allowedIps: readonly string[];
  readonly keepaliveSeconds: number;
  /** When it changes, the endpoint is set again. */
  readonly push: number;
  /** When it changes, the peer is made anew. */
  readonly restart: number;
}

export const tunnelIdPattern = /^[a-z0-9]{1,32}$/;
const limits = { addresses: 8, routes: 64, peers: 4096, allowedIps: 64 };
const mtuDefault = 1420;
const mtuMin = 1280;
const mtuMax = 9000;
const portMin = 1024;
const portMax = 65535;
const uint32Max = 2 ** 32 - 1;

/**
 * Reads a tunnel specification from a caller that is not trusted: the user `uid`. `nameDevice` gives the interface name: a caller never
 * chooses one. What would make the caller as good as root is refused. Throws input.invalid or input.limit, naming the field.
 */
export function parseTunnelSpec(spec: TunnelSpec | undefined, uid: number, nameDevice: (tunnelId: string) => string): WantedTunnel {
  if (spec === undefined) throw invalid('spec', 'missing');
  if (!tunnelIdPattern.test(spec.tunnelId)) throw invalid('tunnel_id', 'not 1 to 32 lower-case letters and digits');
  if (spec.publicKey !== '' && !isKey(spec.publicKey)) throw invalid('public_key', 'not 32 bytes in base64');
  const routes = distinct(limited('routes', spec.routes, limits.routes).map(parseRoute));
  const addresses = distinct(limited('addresses', spec.addresses, limits.addresses).map(parseAddress));
  const peers = limited('peers', spec.peers, limits.peers).map((peer) => parsePeer(peer, routes));
  refuseDuplicates('peers.public_key', peers.map((peer) => peer.publicKey));
  refuseDuplicates('peers.allowed_ips', peers.flatMap((peer) => peer.allowedIps));
  return {
    place: { uid, tunnelId: spec.tunnelId },
    publicKey: spec.publicKey,
    device: nameDevice(spec.tunnelId),
    addresses,
    routes,
    listenPort: spec.listenPort === 0 ? 0 : whole('listen_port', spec.listenPort, portMin, portMax),
    mtu: spec.mtu === 0 ? mtuDefault : whole('mtu', spec.mtu, mtuMin, mtuMax),
    peers,
    names: parseDnsSpec(spec.dns, { addresses, routes }),
  };
}

/** The tunnel without its IPv6 parts, for machines where IPv6 is switched off. Peers' allowed IPs stay: they touch no address of ours. */
export function withoutIpv6(wanted: WantedTunnel): WantedTunnel {
  const isIpv4 = (text: string): boolean => !text.includes(':');
  return { ...wanted, addresses: wanted.addresses.filter(isIpv4), routes: wanted.routes.filter(isIpv4), names: namesWithoutIpv6(wanted.names) };
}

function parsePeer(peer: PeerSpec, routes: readonly string[]): WantedPeer {
  if (!isKey(peer.publicKey)) throw invalid('peers.public_key', 'not 32 bytes in base64');
  return {
    publicKey: peer.publicKey,
    endpoint: peer.endpoint === '' ? '' : parseEndpoint(peer.endpoint),
    allowedIps: distinct(limited('peers.allowed_ips', peer.allowedIps, limits.allowedIps).map((text) => parseAllowedIp(text, routes))),
    keepaliveSeconds: whole('peers.keepalive_seconds', peer.keepaliveSeconds, 0, portMax),
    push: whole('peers.push', peer.push, 0, uint32Max),
    restart: whole('peers.restart', peer.restart, 0, uint32Max),
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
  if (!isPrivate(networkOf(prefix))) throw invalid('addresses', 'not a private address');
  return formatPrefix(prefix);
}

function parseRoute(text: string): string {
  const network = networkOf(prefixOf('routes', text));
  if (network.bits < (network.ip.family === 4 ? 8 : 16)) throw invalid('routes', 'wider than a mesh may be');
  // Everything else is somebody's on the Internet: whoever could route that into a tunnel would own what every user here says and hears.
  if (!isPrivate(network)) throw invalid('routes', 'not a private network');
  return formatPrefix(network);
}

/** What a peer may speak for lies in what the tunnel carries: so it is private as well, and never this machine's own. */
function parseAllowedIp(text: string, routes: readonly string[]): string {
  const network = networkOf(prefixOf('peers.allowed_ips', text));
  if (!routes.some((route) => isInside(parsePrefix(route), network))) throw invalid('peers.allowed_ips', 'outside of the routes');
  return formatPrefix(network);
}

function isInside(outer: Prefix | undefined, inner: Prefix): boolean {
  return outer !== undefined && outer.bits <= inner.bits && contains(outer, inner.ip);
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
