import { formatIp, type Ip, joinHostPort, parseIp, splitHostPort } from '../../base/ip.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { type NodeConfig } from '../config.ts';

/** An end that this node may dial for others. */
export interface Target {
  readonly protocol: 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
}

export type OwnFacts = Pick<NodeConfig, 'meshIpv4' | 'meshIpv6' | 'wireguardPort' | 'paths' | 'tunnel'>;

const protocols: Readonly<Record<string, Target['protocol']>> = { tcp: 'tcp', tcp4: 'tcp', tcp6: 'tcp', udp: 'udp', udp4: 'udp', udp6: 'udp' };

/**
 * What a request means: `dst` may have a port of its own, as clients must write it for nodes that never look at `port`. Throws
 * invalidArgument.
 */
export function targetOf(proto: string, dst: string, port: number): Target {
  const protocol = Object.hasOwn(protocols, proto) ? protocols[proto] : undefined;
  if (protocol === undefined) throw new RpcError(status.invalidArgument, 'proto is invalid: tcp or udp');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RpcError(status.invalidArgument, 'port is invalid: 1 to 65535');
  const whole = parseIp(bare(dst)) ? { host: bare(dst), port } : splitHostPort(dst);
  const name = whole?.host === 'localhost' || dst === 'localhost' ? '127.0.0.1' : whole?.host;
  const ip = name === undefined ? undefined : parseIp(name);
  const at = whole?.port ?? port;
  if (!ip || at < 1) throw new RpcError(status.invalidArgument, 'dst is invalid: an IP address, with or without a port');
  return { protocol, host: formatIp(ip), port: at };
}

/** As frames and people write it: `tcp 10.0.0.1:80`. Throws invalidArgument. */
export function targetFromText(text: string): Target {
  const [proto = '', dst = ''] = text.split(' ', 2);
  const at = splitHostPort(dst);
  if (!at) throw new RpcError(status.invalidArgument, 'the destination is none');
  return targetOf(proto, dst, at.port);
}

export function targetText({ protocol, host, port }: Target): string {
  return `${protocol} ${joinHostPort(host, port)}`;
}

/**
 * Whether this node dials it for others: what it shares by name, its own addresses in the mesh, which the tunnel would reach too, and its own
 * tunnel port on loopback, because WireGuard proves everybody by itself. Everything else is nobody's business.
 */
export function mayDial({ protocol, host, port }: Target, { meshIpv4, meshIpv6, wireguardPort, paths, tunnel }: OwnFacts): boolean {
  const ip = parseIp(host);
  if (!ip) return false;
  if (paths.shares.some((share) => share.protocol === protocol && share.port === port && same(share.ip, ip))) return true;
  if ([meshIpv4, meshIpv6].some((own) => own !== null && same(own, ip))) return true;
  return protocol === 'udp' && (host === '127.0.0.1' || host === '::1') && port === (tunnel?.listenPort || wireguardPort);
}

/** Throws permissionDenied, in words that name what was asked for. */
export function demandDial(target: Target, own: OwnFacts): Target {
  if (!mayDial(target, own)) throw new RpcError(status.permissionDenied, `this node does not share ${targetText(target)}`);
  return target;
}

function bare(text: string): string {
  return /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
}

function same(a: Ip, b: Ip): boolean {
  return a.family === b.family && a.value === b.value;
}
