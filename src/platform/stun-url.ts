import { lookup } from 'node:dns/promises';
import { formatIp, parseIp } from '../base/ip.ts';

/** stun:host:port and turn:host:port?transport=udp (RFC 7064, RFC 7065), without TLS: what passes is encrypted by itself. */
export interface ServerUrl {
  readonly kind: 'stun' | 'turn';
  readonly host: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
}

const defaultPort = 3478;

/** Undefined: not one of ours. */
export function parseServerUrl(url: string): ServerUrl | undefined {
  const match = /^(stun|turn):(?:\[([0-9a-f:.]{2,64})\]|([a-z0-9.-]{1,253}))(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i.exec(url);
  const port = Number(match?.[4] ?? defaultPort);
  if (!match || port < 1 || port > 65_535) return undefined;
  return { kind: match[1]?.toLowerCase() === 'turn' ? 'turn' : 'stun', host: match[2] ?? match[3] ?? '', port, transport: match[5]?.toLowerCase() === 'tcp' ? 'tcp' : 'udp' };
}

/** A bare address of the family, by asking the system where the host is a name; null where there is none. */
export async function addressOf(host: string, family: 4 | 6): Promise<string | null> {
  const ip = parseIp(host);
  if (ip) return ip.family === family ? formatIp(ip) : null;
  return lookup(host, { family }).then(({ address }) => address, () => null);
}
